/* What is wrong with the dependencies: circles, with the edges to cut, and what is missing. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control/deps/circle.h"
#include "stackfile/stack.h"

/* One circle after the other among what is shown: the nodes of one that was told are left out of
 * the next look. */
static int circles_view(const struct deps *d, const bool *shown, json_t *list, struct sp_err *err)
{
	autofree bool *in = calloc(d->n + 1, sizeof(*in));
	bool more = true;
	int r = 0;

	if (!in)
		return sp_fail_nomem(err);
	memcpy(in, shown, d->n * sizeof(*in));
	while (r == 0 && more) {
		autocircle struct deps_circle c = { 0 };

		r = deps_circle_any(d, in, &c, err);
		more = r == 0 && c.n;
		if (more && json_array_append_new(list, deps_circle_view(&c)) < 0)
			r = sp_fail_nomem(err);
		for (size_t i = 0; i < c.n; i++)
			in[c.nodes[i]] = false;
	}
	return r;
}

static json_t *missing_view(const struct deps *d, const struct store_dependency *row)
{
	json_t *view = json_pack("{s:s, s:s, s:s*}", "stack", row->stack, "requires", row->on_stack,
				 "output", strcmp(row->on_kind, "output") ? NULL : row->on_name);
	const struct stack_require *entry = NULL;

	if (d->asks && !strcmp(d->asks->name, row->stack))
		entry = stack_require_find(d->asks, row->on_stack);
	if (entry && view) {
		json_object_set_new(view, "line", json_integer(entry->at.line));
		json_object_set_new(view, "column", json_integer(entry->at.column));
	}
	return view;
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
			json_array_append_new(missing, missing_view(d, row));
		if (is_down(d, row))
			json_array_append_new(down, missing_view(d, row));
	}
	*ret = json_pack("{s:b, s:O, s:O, s:O}", "ok",
			 !json_array_size(circles) && !json_array_size(missing), "cycles", circles,
			 "missing", missing, "not_running", down);
	return *ret ? 0 : sp_fail_nomem(err);
}
