/*
 * A directed graph of numbered nodes, where an edge says "from depends on to": what can be reached,
 * in which order, and where it goes in circles. Knows nothing of what the nodes are.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define GRAPH_NONE SIZE_MAX

struct graph;

struct graph_edge {
	size_t from, to;
};

/* Edges are copied. */
int graph_new(size_t n, const struct graph_edge *edges, size_t n_edges, struct graph **ret,
	      struct sp_err *err);
void graph_free(struct graph *g); /* takes NULL */
SP_AUTO(struct graph *, graph_free)

size_t graph_size(const struct graph *g);
/* The i-th node that node depends on (back: that depends on it); GRAPH_NONE past the last. */
size_t graph_next(const struct graph *g, size_t node, bool back, size_t i);

/* Mark what node depends on, directly or not (back: what depends on it). ret has room for all nodes
 * and is added to; node itself is marked only by a circle. */
int graph_reach(const struct graph *g, size_t node, bool back, bool *ret, struct sp_err *err);

/*
 * The length of the longest chain below each node: 0 depends on nothing, and nodes of one level can
 * be done at the same time. GRAPH_NONE for what is on a circle or depends on one. Only nodes in
 * `in` count (NULL: all), and the edge `without` does not (NULL: none).
 */
int graph_levels(const struct graph *g, const bool *in, const struct graph_edge *without,
		 size_t *ret, struct sp_err *err);

/* A circle among the nodes whose level is GRAPH_NONE, or 0: ret (room for all nodes) gets its nodes
 * in order, each depending on the next and the last on the first. Levels are as graph_levels() gave
 * them, with 0 for what was not in. */
size_t graph_cycle(const struct graph *g, const size_t *levels, size_t *ret);
/* The shortest circle through node, or 0: ret (room for all nodes) as of graph_cycle(), node first.
 */
int graph_circle_through(const struct graph *g, size_t node, size_t *ret, size_t *ret_n,
			 struct sp_err *err);
/* Cutting that edge of a circle leaves no circle among all nodes that go in circles with it. */
int graph_cut_helps(const struct graph *g, const struct graph_edge *edge, bool *ret,
		    struct sp_err *err);
