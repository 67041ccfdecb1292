/* The cluster as placement sees it: the nodes, and what the other stacks take of them. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "control/place/place.h"
#include "control/store/node.h"

struct cluster {
	struct store_nodes rows;
	struct place_node *nodes; /* as many as rows, in the same order */
	void *owned;              /* what nodes point to */
};

/* Everything but what stack itself has placed. */
int cluster_read(struct store *s, const char *stack, struct cluster *ret, struct sp_err *err);
void cluster_fini(struct cluster *c);
size_t cluster_find(const struct cluster *c, const char *node); /* PLACE_KEEP_NONE when unknown */
