/* One node: how it joins, and what the poller does with it each time. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "control/store/node.h"

struct control;
struct agent;

#define NODE_SUBNET_FORMAT "10.90.%d.0/24"
#define NODE_SUBNET_MAX    20

void node_subnet(const struct store_node *n, char ret[NODE_SUBNET_MAX]);
/* As docs/api.md has it; NULL when out of memory. */
json_t *node_view(const struct store_node *n);

/* Ask it how it is, and act on the answer. hold() is told the agent before the calls and NULL after
 * them. */
void node_poll(struct control *c, const char *name, void (*hold)(void *owner, struct agent *a),
	       void *owner);

struct node_join_request {
	const char *token, *name, *address, *csr;
	uint16_t port;
};

/* Use the token, add the node, sign its key: all or nothing. The reply of POST /v1/join. */
int node_join(struct control *c, struct store *s, const struct node_join_request *q, json_t **ret,
	      struct sp_err *err);
