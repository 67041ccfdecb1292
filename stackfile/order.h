/* An order in which everything comes after what it depends on, for services and for tasks. */
#pragma once

#include "stackfile/reader.h"

struct order_edge {
	size_t to;
	struct stack_position at; /* where the file says so */
};

struct order_graph {
	const char *where; /* "services": a node's path is "WHERE.NAME.depends_on" */
	const void *state;
	size_t n;
	size_t (*n_edges)(const void *state, size_t node);
	struct order_edge (*edge)(const void *state, size_t node, size_t i);
	const char *(*name)(const void *state, size_t node);
};

/*
 * g->n indexes in the arena, each after all it depends on; a cycle is refused with its path ("a ->
 * b -> a"). NULL when memory ran out.
 */
size_t *order_find(struct reader *r, const struct order_graph *g);
