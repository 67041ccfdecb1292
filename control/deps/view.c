/* Dependencies as the API shows them; see deps.h. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control/deps/deps.h"

/* Ids of the marked nodes. */
static json_t *ids(const struct deps *d, const bool *marks)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < d->n; i++)
		if (marks[i])
			json_array_append_new(list, json_string(d->nodes[i].id));
	return list;
}

/* The neighbours of a node, and what is behind them, one way. */
static int both(const struct deps *d, size_t node, bool back, json_t **ret_direct,
		json_t **ret_indirect, struct sp_err *err)
{
	autofree bool *direct = calloc(d->n + 1, sizeof(*direct));
	autofree bool *reached = calloc(d->n + 1, sizeof(*reached));
	size_t to;
	int r = direct && reached ? graph_reach(d->graph, node, back, reached, err)
				  : sp_fail_nomem(err);

	if (r < 0)
		return r;
	for (size_t i = 0; (to = graph_next(d->graph, node, back, i)) != GRAPH_NONE; i++) {
		direct[to] = true;
		reached[to] = false;
	}
	*ret_direct = ids(d, direct);
	*ret_indirect = ids(d, reached);
	return 0;
}

static json_t *outputs_of(const struct deps *d, const char *stack)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->rows.n; i++)
		if (!strcmp(d->rows.list[i].stack, stack) &&
		    !strcmp(d->rows.list[i].kind, "output"))
			json_array_append_new(list, json_string(d->rows.list[i].name));
	return list;
}

static int node_view(const struct deps *d, size_t node, json_t **ret, struct sp_err *err)
{
	const struct deps_node *n = &d->nodes[node];
	autojson json_t *direct = NULL, *indirect = NULL, *users = NULL, *others = NULL;
	int r = both(d, node, false, &direct, &indirect, err);

	if (r == 0)
		r = both(d, node, true, &users, &others, err);
	if (r < 0)
		return r;
	*ret = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:O, s:O, s:O, s:O, s:I, s:o}", "id",
			 n->id, "kind", n->kind, "stack", n->stack, "version", n->version, "state",
			 n->state, "missing", n->missing, "direct", direct, "indirect", indirect,
			 "dependents", users, "dependents_indirect", others, "count",
			 (json_int_t)(json_array_size(direct) + json_array_size(indirect)), "depth",
			 d->levels[node] == GRAPH_NONE ? json_null()
						       : json_integer((json_int_t)d->levels[node]));
	if (!*ret)
		return sp_fail_nomem(err);
	if (deps_is_stack(d, node))
		json_object_set_new(*ret, "outputs", outputs_of(d, n->stack));
	return 0;
}

/* What the shown ones depend on, shown or not. */
static json_t *edges_view(const struct deps *d, const bool *shown)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->n_edges; i++) {
		const struct deps_edge *e = &d->edges[i];

		if (shown[e->from])
			json_array_append_new(
				list, json_pack("{s:s, s:s, s:s}", "from", d->nodes[e->from].id,
						"to", d->nodes[e->to].id, "condition", e->detail));
	}
	return list;
}

struct counts {
	json_int_t stacks, services, tasks, missing, circular, depth;
};

static void count(const struct deps *d, size_t i, struct counts *c)
{
	c->stacks += deps_is_stack(d, i);
	c->services += !strcmp(d->nodes[i].kind, "service");
	c->tasks += !strcmp(d->nodes[i].kind, "task");
	c->missing += d->nodes[i].missing;
	c->circular += d->levels[i] == GRAPH_NONE;
	if (d->levels[i] != GRAPH_NONE && (json_int_t)d->levels[i] > c->depth)
		c->depth = (json_int_t)d->levels[i];
}

/* Stacks that are not there and that no shown one is, but that one depends on. */
static json_int_t missing_beyond(const struct deps *d, const bool *shown)
{
	json_int_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		size_t from;
		bool required = false;

		if (shown[i] || !d->nodes[i].missing)
			continue;
		for (size_t j = 0; (from = graph_next(d->graph, i, true, j)) != GRAPH_NONE; j++)
			required |= shown[from];
		n += required;
	}
	return n;
}

static json_t *statistics_view(const struct deps *d, const bool *shown, size_t n_edges)
{
	struct counts c = { .missing = missing_beyond(d, shown) };

	for (size_t i = 0; i < d->n; i++)
		if (shown[i])
			count(d, i, &c);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "stacks", c.stacks, "services",
			 c.services, "tasks", c.tasks, "missing", c.missing, "dependencies",
			 (json_int_t)n_edges, "depth", c.depth, "circular", c.circular);
}

int deps_view(const struct deps *d, const char *const *names, bool closure, json_t **ret,
	      struct sp_err *err)
{
	autojson json_t *list = json_array(), *edges = NULL;
	autofree bool *shown = calloc(d->n + 1, sizeof(*shown));
	int r = shown ? deps_select(d, names, closure, shown, err) : sp_fail_nomem(err);

	for (size_t i = 0; r == 0 && i < d->n; i++) {
		json_t *one = NULL;

		if (!shown[i])
			continue;
		r = node_view(d, i, &one, err);
		if (r == 0)
			json_array_append_new(list, one);
	}
	if (r < 0)
		return r;
	edges = edges_view(d, shown);
	*ret = json_pack("{s:O, s:O, s:o}", "resources", list, "dependencies", edges, "statistics",
			 statistics_view(d, shown, json_array_size(edges)));
	return *ret ? 0 : sp_fail_nomem(err);
}
