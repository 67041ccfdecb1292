/* Neighbours both ways in one array each (compressed rows), so that every walk is linear. */
#include "control/deps/graph.h"

#include <stdlib.h>
#include <string.h>

struct rows {
	size_t *first; /* n + 1 */
	size_t *node;  /* n_edges */
};

struct graph {
	size_t n, n_edges;
	struct rows out, in;
};

void graph_free(struct graph *g)
{
	if (!g)
		return;
	free(g->out.first);
	free(g->out.node);
	free(g->in.first);
	free(g->in.node);
	free(g);
}

static int rows_fill(struct rows *r, size_t n, const struct graph_edge *edges, size_t n_edges,
		     bool back)
{
	r->first = calloc(n + 2, sizeof(*r->first));
	r->node = calloc(n_edges + 1, sizeof(*r->node));
	if (!r->first || !r->node)
		return -1;
	for (size_t i = 0; i < n_edges; i++)
		r->first[(back ? edges[i].to : edges[i].from) + 2]++;
	for (size_t i = 2; i < n + 2; i++)
		r->first[i] += r->first[i - 1];
	for (size_t i = 0; i < n_edges; i++) {
		size_t at = back ? edges[i].to : edges[i].from;

		r->node[r->first[at + 1]++] = back ? edges[i].from : edges[i].to;
	}
	return 0;
}

int graph_new(size_t n, const struct graph_edge *edges, size_t n_edges, struct graph **ret,
	      struct sp_err *err)
{
	auto_(graph_free) struct graph *g = calloc(1, sizeof(*g));

	if (!g)
		return sp_fail_nomem(err);
	g->n = n;
	g->n_edges = n_edges;
	if (rows_fill(&g->out, n, edges, n_edges, false) < 0 ||
	    rows_fill(&g->in, n, edges, n_edges, true) < 0)
		return sp_fail_nomem(err);
	*ret = take_ptr(g);
	return 0;
}

size_t graph_size(const struct graph *g)
{
	return g->n;
}

size_t graph_next(const struct graph *g, size_t node, bool back, size_t i)
{
	const struct rows *r = back ? &g->in : &g->out;

	return i < r->first[node + 1] - r->first[node] ? r->node[r->first[node] + i] : GRAPH_NONE;
}

int graph_reach(const struct graph *g, size_t node, bool back, bool *ret, struct sp_err *err)
{
	autofree size_t *queue = calloc(g->n + 1, sizeof(*queue));
	size_t head = 0, tail = 0, to;

	if (!queue)
		return sp_fail_nomem(err);
	queue[tail++] = node;
	while (head < tail) {
		size_t at = queue[head++];

		for (size_t i = 0; (to = graph_next(g, at, back, i)) != GRAPH_NONE; i++) {
			if (ret[to])
				continue;
			ret[to] = true;
			if (to != node)
				queue[tail++] = to;
		}
	}
	return 0;
}

static bool counts(const bool *in, const struct graph_edge *without, size_t from, size_t to)
{
	if (in && (!in[from] || !in[to]))
		return false;
	return !without || without->from != from || without->to != to;
}

/* Of each node, how many it still waits for; those that wait for none are queued. */
static size_t wait_for(const struct graph *g, const bool *in, const struct graph_edge *without,
		       size_t *waits, size_t *queue)
{
	size_t tail = 0, to;

	for (size_t at = 0; at < g->n; at++) {
		for (size_t i = 0; (to = graph_next(g, at, false, i)) != GRAPH_NONE; i++)
			waits[at] += counts(in, without, at, to);
		if (!waits[at] && (!in || in[at]))
			queue[tail++] = at;
	}
	return tail;
}

int graph_levels(const struct graph *g, const bool *in, const struct graph_edge *without,
		 size_t *ret, struct sp_err *err)
{
	autofree size_t *waits = calloc(g->n + 1, sizeof(*waits));
	autofree size_t *queue = calloc(g->n + 1, sizeof(*queue));
	size_t tail, from;

	if (!waits || !queue)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < g->n; i++)
		ret[i] = GRAPH_NONE;
	tail = wait_for(g, in, without, waits, queue);
	for (size_t i = 0; i < tail; i++)
		ret[queue[i]] = 0;
	/* A node is queued when its last dependency is done: that one has the longest chain. */
	for (size_t head = 0; head < tail; head++)
		for (size_t i = 0; (from = graph_next(g, queue[head], true, i)) != GRAPH_NONE; i++)
			if (counts(in, without, from, queue[head]) && !--waits[from]) {
				ret[from] = ret[queue[head]] + 1;
				queue[tail++] = from;
			}
	return 0;
}

static size_t next_unsettled(const struct graph *g, const size_t *levels, size_t node)
{
	size_t to;

	for (size_t i = 0; (to = graph_next(g, node, false, i)) != GRAPH_NONE; i++)
		if (levels[to] == GRAPH_NONE)
			return to;
	return GRAPH_NONE;
}

/* From a node without a level there is always a way on to another; it must come back at last. */
size_t graph_cycle(const struct graph *g, const size_t *levels, size_t *ret)
{
	size_t start = 0, at, n = 0;

	while (start < g->n && levels[start] != GRAPH_NONE)
		start++;
	if (start == g->n)
		return 0;
	at = start;
	for (size_t steps = 0; steps < g->n; steps++)
		at = next_unsettled(g, levels, at);
	start = at;
	do {
		ret[n++] = at;
		at = next_unsettled(g, levels, at);
	} while (at != start);
	return n;
}

/* Breadth first from node: came[x] is where x was first reached from. */
static int search(const struct graph *g, size_t node, size_t *came, struct sp_err *err)
{
	autofree size_t *queue = calloc(g->n + 1, sizeof(*queue));
	size_t head = 0, tail = 0, to;

	if (!queue)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < g->n; i++)
		came[i] = GRAPH_NONE;
	queue[tail++] = node;
	while (head < tail && came[node] == GRAPH_NONE) {
		size_t at = queue[head++];

		for (size_t i = 0; (to = graph_next(g, at, false, i)) != GRAPH_NONE; i++) {
			if (came[to] != GRAPH_NONE)
				continue;
			came[to] = at;
			queue[tail++] = to;
		}
	}
	return 0;
}

int graph_circle_through(const struct graph *g, size_t node, size_t *ret, size_t *ret_n,
			 struct sp_err *err)
{
	autofree size_t *came = calloc(g->n + 1, sizeof(*came));
	int r = came ? search(g, node, came, err) : sp_fail_nomem(err);
	size_t at = node, n = 0;

	*ret_n = 0;
	if (r < 0 || came[node] == GRAPH_NONE)
		return r;
	do {
		at = came[at];
		n++;
	} while (at != node);
	*ret_n = n;
	for (size_t i = n; i-- > 0; at = came[at])
		ret[(i + 1) % n] = at;
	return 0;
}

int graph_cut_helps(const struct graph *g, const struct graph_edge *edge, bool *ret,
		    struct sp_err *err)
{
	autofree bool *ahead = calloc(g->n + 1, sizeof(*ahead));
	autofree bool *behind = calloc(g->n + 1, sizeof(*behind));
	autofree size_t *levels = calloc(g->n + 1, sizeof(*levels));
	int r;

	if (!ahead || !behind || !levels)
		return sp_fail_nomem(err);
	r = graph_reach(g, edge->from, false, ahead, err);
	if (r == 0)
		r = graph_reach(g, edge->from, true, behind, err);
	for (size_t i = 0; r == 0 && i < g->n; i++)
		ahead[i] = ahead[i] && behind[i];
	if (r == 0)
		r = graph_levels(g, ahead, edge, levels, err);
	if (r < 0)
		return r;
	*ret = true;
	for (size_t i = 0; i < g->n; i++)
		*ret &= !ahead[i] || levels[i] != GRAPH_NONE;
	return 0;
}
