/* A depth-first walk with its own stack, since a chain of services may be long; see order.h. */
#include "stackfile/order.h"

#include <stdio.h>

enum mark { NEW, OPEN, DONE };

struct visit {
	size_t node, next; /* next edge to look at */
};

struct walk {
	struct reader *r;
	const struct order_graph *g;
	enum mark *marks;
	struct visit *path;
	size_t depth, n_order;
	size_t *order;
};

static void refuse_cycle(const struct walk *w, const struct order_edge *closing)
{
	const struct order_graph *g = w->g;
	autobuf struct sp_buf text = { 0 };
	char key[VALUE_PATH_MAX];
	size_t from = 0;

	while (w->path[from].node != closing->to)
		from++;
	for (size_t i = from; i < w->depth; i++)
		sp_buf_printf(&text, "%s -> ", g->name(g->state, w->path[i].node));
	sp_buf_puts(&text, g->name(g->state, closing->to));
	snprintf(key, sizeof(key), "%s.%s.depends_on", g->where,
		 g->name(g->state, w->path[w->depth - 1].node));
	reader_refuse(w->r, STACK_CODE_CYCLE, closing->at, key, "closes a circle: %s",
		      text.data ? text.data : "");
}

static void enter(struct walk *w, size_t node)
{
	w->marks[node] = OPEN;
	w->path[w->depth++] = (struct visit){ node, 0 };
}

static void walk_from(struct walk *w, size_t start)
{
	enter(w, start);
	while (w->depth) {
		struct visit *at = &w->path[w->depth - 1];
		struct order_edge e;

		if (at->next == w->g->n_edges(w->g->state, at->node)) {
			w->marks[at->node] = DONE;
			w->order[w->n_order++] = at->node;
			w->depth--;
			continue;
		}
		e = w->g->edge(w->g->state, at->node, at->next++);
		if (w->marks[e.to] == OPEN)
			refuse_cycle(w, &e);
		else if (w->marks[e.to] == NEW)
			enter(w, e.to);
	}
}

size_t *order_find(struct reader *r, const struct order_graph *g)
{
	struct walk w = { .r = r, .g = g };

	w.marks = stack_arena_zalloc(r->arena, g->n * sizeof(*w.marks));
	w.path = stack_arena_zalloc(r->arena, g->n * sizeof(*w.path));
	w.order = stack_arena_zalloc(r->arena, g->n * sizeof(*w.order));
	if (!w.marks || !w.path || !w.order)
		return NULL;
	for (size_t i = 0; i < g->n; i++)
		if (w.marks[i] == NEW)
			walk_from(&w, i);
	return w.order;
}
