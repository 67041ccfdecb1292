/*
 * Placement: which node each workload goes to. A pure function of what it is given.
 *
 * A workload that is placed stays, as long as its node still fits. Others go where most room is:
 * the node with the fewest replicas of the service, then the fewest workloads, then the first by
 * name. What cannot be placed is an error with one reason per node: SP_E_UNPLACEABLE, or
 * SP_E_UNREACHABLE when it would fit on a node that does not answer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/workload.h"

#define PLACE_NODES_MAX  1024
#define PLACE_REASON_MAX 160
#define PLACE_KEEP_NONE  SIZE_MAX

struct place_pair {
	const char *key, *value;
};

struct place_port {
	const char *address; /* NULL: every address */
	uint16_t port;
	bool udp;
	const char *owner; /* "demo/api-1": who has it */
};

/* A node, with what other stacks already take of it. */
struct place_node {
	const char *name;
	bool ready;
	const char *trouble; /* why it is not ready; may be NULL */
	bool best_effort;    /* limits it cannot enforce are ignored */
	char **missing;      /* controllers, NULL-terminated; NULL: none */
	uint32_t cpus;       /* 0: unknown */
	uint64_t memory_bytes, memory_taken_bytes;
	const struct place_pair *labels;
	size_t n_labels;
	struct place_port *ports; /* grows as workloads are placed; owned by place_nodes_fini() */
	size_t n_ports;
	size_t workloads; /* on it already */
};

struct place_constraint {
	const char *label; /* NULL: the node's name */
	const char *value;
	bool equal;
};

struct place_request {
	const char *id;      /* for messages */
	const char *service; /* replicas of one are spread */
	const char *owner;   /* "demo/api-1" */
	size_t keep;         /* index of the node it is on, or PLACE_KEEP_NONE */
	bool untouched;      /* it runs as it should: its node need not answer now */
	const struct place_constraint *constraints;
	size_t n_constraints;
	const struct wire_port *ports;
	size_t n_ports;
	const struct wire_limits *limits;
	uint64_t memory_bytes;             /* to reserve; 0: the limit, if there is one */
	uint32_t max_per_node;             /* replicas of the service; 0: no bound */
	char (*reasons)[PLACE_REASON_MAX]; /* one a node, to be told why; NULL: not wanted */
	size_t node;                       /* the answer */
};

/* Fill requests[].node; those that are kept are placed first. nodes are changed. SP_E_UNPLACEABLE
 * names the workload and each node's reason; *ret_culprit (may be NULL) is its index. */
int place(struct place_node *nodes, size_t n_nodes, struct place_request *requests,
	  size_t n_requests, size_t *ret_culprit, struct sp_err *err);

/* Something on the node has one of these ports. */
bool place_port_is_taken(const struct place_node *node, const struct wire_port *ports, size_t n);
int place_port_add(struct place_node *node, const struct place_port *port, struct sp_err *err);
