/* See circle.h. */
#include "control/deps/circle.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "stackfile/stack.h"

void deps_circle_fini(struct deps_circle *c)
{
	free(c->nodes);
	free(c->cuts);
	*c = (struct deps_circle){ 0 };
}

static const struct deps_node *node_at(const struct deps_circle *c, size_t i)
{
	return &c->d->nodes[c->nodes[i % c->n]];
}

static int make(const struct deps *d, struct deps_circle *ret, struct sp_err *err)
{
	*ret = (struct deps_circle){ .d = d,
				     .nodes = calloc(d->n + 1, sizeof(*ret->nodes)),
				     .cuts = calloc(d->n + 1, sizeof(*ret->cuts)) };
	return ret->nodes && ret->cuts ? 0 : sp_fail_nomem(err);
}

static int find_cuts(struct deps_circle *c, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n; i++) {
		struct graph_edge e = { c->nodes[i], c->nodes[(i + 1) % c->n] };

		r = graph_cut_helps(c->d->graph, &e, &c->cuts[i], err);
	}
	return r;
}

int deps_circle_through(const struct deps *d, size_t node, struct deps_circle *ret,
			struct sp_err *err)
{
	autocircle struct deps_circle c = { 0 };
	int r = make(d, &c, err);

	if (r == 0)
		r = graph_circle_through(d->graph, node, c.nodes, &c.n, err);
	if (r == 0)
		r = find_cuts(&c, err);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct deps_circle){ 0 };
	return 0;
}

/* Levels of what is in; 0 for the rest, as graph_cycle() wants it. */
static int levels_within(const struct deps *d, const bool *in, size_t *ret, struct sp_err *err)
{
	int r = graph_levels(d->graph, in, NULL, ret, err);

	for (size_t i = 0; r == 0 && i < d->n; i++)
		ret[i] = in[i] ? ret[i] : 0;
	return r;
}

int deps_circle_any(const struct deps *d, const bool *in, struct deps_circle *ret,
		    struct sp_err *err)
{
	autofree size_t *levels = calloc(d->n + 1, sizeof(*levels));
	size_t self = d->asks ? deps_find(d, d->asks->name) : GRAPH_NONE;
	autocircle struct deps_circle c = { 0 };
	int r = levels ? make(d, &c, err) : sp_fail_nomem(err);

	if (r == 0 && self != GRAPH_NONE && in[self])
		r = graph_circle_through(d->graph, self, c.nodes, &c.n, err);
	if (r == 0 && !c.n)
		r = levels_within(d, in, levels, err);
	if (r < 0)
		return r;
	if (!c.n)
		c.n = graph_cycle(d->graph, levels, c.nodes);
	r = find_cuts(&c, err);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct deps_circle){ 0 };
	return 0;
}

const struct stack_require *deps_circle_entry(const struct deps_circle *c, size_t i)
{
	const struct stack *asks = c->d->asks;

	if (!asks || strcmp(node_at(c, i)->id, asks->name) != 0)
		return NULL;
	return stack_require_find(asks, node_at(c, i + 1)->id);
}

void deps_circle_path(const struct deps_circle *c, struct sp_buf *out)
{
	for (size_t i = 0; i <= c->n; i++)
		sp_buf_printf(out, "%s%s", i ? " -> " : "", node_at(c, i)->id);
}

void deps_circle_ways(const struct deps_circle *c, const char *file, struct sp_buf *out)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct stack_require *entry = deps_circle_entry(c, i);

		if (!c->cuts[i])
			continue;
		sp_buf_printf(out, "way out: '%s' no longer requires '%s'", node_at(c, i)->id,
			      node_at(c, i + 1)->id);
		if (entry)
			sp_buf_printf(out, " (%s:%u:%u)", file, entry->at.line, entry->at.column);
		sp_buf_putc(out, '\n');
	}
}

/* An edge, with its place in the file that asks. */
static json_t *edge_view(const struct deps_circle *c, size_t i)
{
	const struct stack_require *entry = deps_circle_entry(c, i);
	json_t *edge =
		json_pack("{s:s, s:s}", "from", node_at(c, i)->id, "to", node_at(c, i + 1)->id);

	if (entry && edge) {
		json_object_set_new(edge, "line", json_integer(entry->at.line));
		json_object_set_new(edge, "column", json_integer(entry->at.column));
	}
	return edge;
}

json_t *deps_circle_view(const struct deps_circle *c)
{
	json_t *path = json_array(), *cuts = json_array();

	for (size_t i = 0; i <= c->n; i++)
		json_array_append_new(path, json_string(node_at(c, i)->id));
	for (size_t i = 0; i < c->n; i++)
		if (c->cuts[i])
			json_array_append_new(cuts, edge_view(c, i));
	return json_pack("{s:o, s:o}", "path", path, "cuts", cuts);
}
