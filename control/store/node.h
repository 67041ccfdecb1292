/* Nodes and the addresses of their subnets, as the store keeps them. */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "control/store/store.h"

/* symbol, name */
#define STORE_NODE_STATES(X)  \
	X(JOINING, "joining") \
	X(READY, "ready")     \
	X(UNREACHABLE, "unreachable")

enum store_node_state {
#define X(sym, name) STORE_NODE_##sym,
	STORE_NODE_STATES(X)
#undef X
};

#define STORE_SUBNET_MAX 254 /* 10.90.1.0/24 ... 10.90.254.0/24 */

struct store_node {
	char name[STORE_NAME_MAX];
	char address[STORE_NAME_MAX];
	uint16_t port;
	int subnet; /* N of 10.90.N.0/24 */
	char key_id[SP_DIGEST_MAX];
	enum store_node_state state;
	int64_t joined_at_ns, last_seen_ns, event_cursor;
	json_t *info; /* as the agent told it last; NULL before */
	char error[256];
};

struct store_nodes {
	struct store_node *list; /* by name */
	size_t n;
};

void store_node_fini(struct store_node *n);
void store_nodes_fini(struct store_nodes *n);
#define autonodes __attribute__((cleanup(store_nodes_fini)))
#define autonode  __attribute__((cleanup(store_node_fini)))

const char *store_node_state_name(enum store_node_state state);

/*
 * Add a node, or take its row over when the key is the same or the node that has the name is not
 * live (state ready); else SP_E_CONFLICT. Gives it a subnet (kept on a take-over) in n->subnet.
 */
int store_node_join(struct store *s, struct store_node *n, struct sp_err *err);
int store_node_get(struct store *s, const char *name, struct store_node *ret, struct sp_err *err);
int store_node_list(struct store *s, struct store_nodes *ret, struct sp_err *err);
/* SP_E_CONFLICT while workloads are placed there. */
int store_node_remove(struct store *s, const char *name, struct sp_err *err);

/* The one writer of a node's state; the change is an event. info may be NULL: unchanged. */
int store_node_set_state(struct store *s, const char *name, enum store_node_state state,
			 const json_t *info, const char *reason, struct sp_err *err);
/* Only that it was seen, and what it said; no event. */
int store_node_seen(struct store *s, const char *name, const json_t *info, struct sp_err *err);
/* Append the agent's events (objects of its API) and move the cursor, in one transaction. */
int store_node_take_events(struct store *s, const char *name, const json_t *events, int64_t next,
			   struct sp_err *err);

/* The host part (2..254) of workload's address on node: the one it has, or the lowest free one. */
int store_address_take(struct store *s, const char *node, const char *workload, int *ret_host,
		       struct sp_err *err);
int store_address_free(struct store *s, const char *node, const char *workload, struct sp_err *err);
