/* What is wrong with the dependencies: circles, with the edges to cut, and what is missing. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "control/deps/deps.h"

static json_t *edge_view(const struct deps *d, const struct graph_edge *e)
{
	return json_pack("{s:s, s:s}", "from", d->nodes[e->from].id, "to", d->nodes[e->to].id);
}

/* The path with its start at the end again, and the edges that end the circling when they go. */
static int circle_view(const struct deps *d, const size_t *circle, size_t n, json_t **ret,
		       struct sp_err *err)
{
	autojson json_t *path = json_array(), *cuts = json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct graph_edge e = { circle[i], circle[(i + 1) % n] };
		bool helps = false;

		json_array_append_new(path, json_string(d->nodes[e.from].id));
		r = graph_cut_helps(d->graph, &e, &helps, err);
		if (helps)
			json_array_append_new(cuts, edge_view(d, &e));
	}
	if (r < 0)
		return r;
	json_array_append_new(path, json_string(d->nodes[circle[0]].id));
	*ret = json_pack("{s:O, s:O}", "path", path, "cuts", cuts);
	return *ret ? 0 : sp_fail_nomem(err);
}

/* One circle after the other among what is shown: the nodes of one that was told are left out of
 * the next look. */
static int circles_view(const struct deps *d, const bool *shown, json_t *list, struct sp_err *err)
{
	autofree size_t *levels = calloc(d->n + 1, sizeof(*levels));
	autofree size_t *circle = calloc(d->n + 1, sizeof(*circle));
	autofree bool *in = calloc(d->n + 1, sizeof(*in));
	size_t n = 0;
	int r = 0;

	if (!levels || !circle || !in)
		return sp_fail_nomem(err);
	memcpy(in, shown, d->n * sizeof(*in));
	do {
		json_t *one = NULL;

		r = graph_levels(d->graph, in, NULL, levels, err);
		for (size_t i = 0; r == 0 && i < d->n; i++)
			levels[i] = in[i] ? levels[i] : 0;
		n = r == 0 ? graph_cycle(d->graph, levels, circle) : 0;
		if (n)
			r = circle_view(d, circle, n, &one, err);
		if (one)
			json_array_append_new(list, one);
		for (size_t i = 0; i < n; i++)
			in[circle[i]] = false;
	} while (r == 0 && n);
	return r;
}

static json_t *missing_view(const struct store_dependency *row)
{
	return json_pack("{s:s, s:s, s:s*}", "stack", row->stack, "requires", row->on_stack,
			 "output", strcmp(row->on_kind, "output") ? NULL : row->on_name);
}

static bool is_missing(const struct deps *d, const struct store_dependency *row)
{
	size_t node = deps_find(d, row->on_stack);

	if (!strcmp(row->on_kind, "stack"))
		return node == GRAPH_NONE || d->nodes[node].missing;
	if (strcmp(row->on_kind, "output") != 0 || node == GRAPH_NONE || d->nodes[node].missing)
		return false; /* told once already, with the stack */
	return !deps_has_output(d, row->on_stack, row->on_name);
}

static bool is_down(const struct deps *d, const struct store_dependency *row)
{
	size_t node = deps_find(d, row->on_stack);

	return !strcmp(row->on_kind, "stack") && node != GRAPH_NONE && !d->nodes[node].missing &&
	       !deps_is_running(d, node);
}

int deps_check_view(const struct deps *d, const char *const *names, json_t **ret,
		    struct sp_err *err)
{
	autojson json_t *circles = json_array(), *missing = json_array(), *down = json_array();
	autofree bool *shown = calloc(d->n + 1, sizeof(*shown));
	int r = shown ? deps_select(d, names, true, shown, err) : sp_fail_nomem(err);

	if (r == 0)
		r = circles_view(d, shown, circles, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < d->rows.n_dependencies; i++) {
		const struct store_dependency *row = &d->rows.dependencies[i];
		size_t of = deps_find(d, row->stack);

		if (of == GRAPH_NONE || !shown[of])
			continue;
		if (is_missing(d, row))
			json_array_append_new(missing, missing_view(row));
		if (is_down(d, row))
			json_array_append_new(down, missing_view(row));
	}
	*ret = json_pack("{s:b, s:O, s:O, s:O}", "ok",
			 !json_array_size(circles) && !json_array_size(missing), "cycles", circles,
			 "missing", missing, "not_running", down);
	return *ret ? 0 : sp_fail_nomem(err);
}
