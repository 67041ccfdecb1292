/*
 * `ctl verify`: proof from outside. The checks run in a fixed order, each on what the ones before
 * have found; a check whose ground is missing says SKIP with the cause instead of waiting for its
 * own time-out.
 *
 *   verify_facts     what there is: nodes, workloads, services, from the topology and controld
 *   verify_nodes     TCP, agent, identity, names, store      verify_state      each workload is as
 * deployed verify_services  ports, http paths, spread, items        verify_isolation  isolation,
 * limits verify_wire      one TCP connection, one HTTP exchange   verify_deep       survives
 * restarts verify_tell      controld hears what it came to          verify_report     the lines
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ctl/ctl.h"
#include "ctl/verify_report.h"

#define VERIFY_NODES_MAX     256
#define VERIFY_ENDPOINTS_MAX 1024
#define VERIFY_CONNECT_MS    2000

struct verify_node {
	char name[64], address[64];
	uint16_t port;
	const json_t *json;    /* as controld has it; NULL: controld does not know it */
	char expected[64];     /* address in the topology; "" where the topology does not name it */
	bool reachable, ready; /* found by the checks */
};

/* A published TCP port of a service on one of its nodes. */
struct verify_endpoint {
	const char *stack, *service;
	bool ran;           /* its stack was deployed to its end once */
	const json_t *json; /* the service */
	const struct verify_node *node;
	char address[64];
	uint16_t port;
	bool open; /* found by the checks */
};

struct verify {
	struct ctl *ctl;
	const char *stack; /* only this one; NULL: all */
	const char *items; /* --items: for every service with an http probe; NULL: as declared */
	struct verify_report report;
	struct wire_failure silence; /* why controld does not answer; code 0: it does */
	json_t *nodes_json, *stacks_json, *workloads_json;
	struct verify_node nodes[VERIFY_NODES_MAX];
	size_t n_nodes;
	struct verify_endpoint endpoints[VERIFY_ENDPOINTS_MAX];
	size_t n_endpoints;
};

/* Learn what there is; what could not be learnt shows in the checks. Only running out of memory or
 * a broken topology file is an error. */
int verify_facts(struct verify *v, struct wire_failure *fail);
void verify_fini(struct verify *v);
struct verify_node *verify_node_named(struct verify *v, const char *name);

/* In the order they run. */
void verify_node_tcp(struct verify *v);
void verify_agents(struct verify *v);
void verify_identity(struct verify *v);
void verify_names(struct verify *v);
void verify_store(struct verify *v);
void verify_states(struct verify *v);
void verify_isolation(struct verify *v);
void verify_ports(struct verify *v);
void verify_http(struct verify *v, const char *probe, const char *check);
void verify_spread(struct verify *v);
void verify_items(struct verify *v);
void verify_deep(struct verify *v);

/* GET through controld from a node's agent: "/v1/ready"; the time it took in *ret_ns. */
int verify_agent_get(struct verify *v, const struct verify_node *n, const char *path, json_t **ret,
		     int64_t *ret_ns, struct wire_failure *fail);
