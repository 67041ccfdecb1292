/* A placement at work, shared by place.c and explain.c. */
#pragma once

#include "control/place/place.h"

struct placing {
	struct place_node *nodes;
	size_t n_nodes;
	struct place_request *requests;
	size_t n_requests;
	size_t *services; /* a number for each request's service */
	size_t *replicas; /* of each service on each node, n_nodes in a row */
};

/* Replicas of q's service that this placement has put on the node. */
size_t placing_replicas(const struct placing *p, const struct place_request *q, size_t node);

/* Say of each node why q goes to `at`, or why it does not, when q asks for reasons. */
void placing_explain(const struct placing *p, const struct place_request *q, size_t at, bool kept);
