/* Nodes and edges from the store's rows; see deps.h. */
#include "control/deps/deps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/store/stack.h"
#include "stackfile/stack.h"

void deps_fini(struct deps *d)
{
	store_resources_fini(&d->rows);
	free(d->nodes);
	free(d->edges);
	free(d->levels);
	graph_free(d->graph);
	*d = (struct deps){ 0 };
}

static int compare(const void *left, const void *right)
{
	return strcmp(((const struct deps_node *)left)->id, ((const struct deps_node *)right)->id);
}

size_t deps_find(const struct deps *d, const char *id)
{
	struct deps_node key = { 0 }, *found;

	if (strlen(id) >= sizeof(key.id) || !d->n)
		return GRAPH_NONE;
	snprintf(key.id, sizeof(key.id), "%s", id);
	found = bsearch(&key, d->nodes, d->n, sizeof(*d->nodes), compare);
	return found ? (size_t)(found - d->nodes) : GRAPH_NONE;
}

bool deps_is_stack(const struct deps *d, size_t node)
{
	return !strcmp(d->nodes[node].kind, "stack");
}

bool deps_is_running(const struct deps *d, size_t node)
{
	return !d->nodes[node].missing &&
	       !strcmp(d->nodes[node].state, store_stack_state_name(STORE_STACK_RUNNING));
}

bool deps_has_output(const struct deps *d, const char *stack, const char *output)
{
	for (size_t i = 0; i < d->rows.n; i++)
		if (!strcmp(d->rows.list[i].stack, stack) &&
		    !strcmp(d->rows.list[i].kind, "output") &&
		    !strcmp(d->rows.list[i].name, output))
			return true;
	return false;
}

/* ---- nodes ---- */

static struct deps_node *node_add(struct deps *d, const char *kind, const char *stack,
				  const char *name)
{
	struct deps_node *n = reallocarray(d->nodes, d->n + 1, sizeof(*n));

	if (!n)
		return NULL;
	d->nodes = n;
	n += d->n++;
	*n = (struct deps_node){ 0 };
	snprintf(n->id, sizeof(n->id), "%s%s%s", stack, name ? "/" : "", name ? name : "");
	snprintf(n->stack, sizeof(n->stack), "%s", stack);
	snprintf(n->kind, sizeof(n->kind), "%s", kind);
	return n;
}

static int add_stacks(struct store *s, struct deps *d, const struct stack *deployed,
		      struct sp_err *err)
{
	autostacks struct store_stacks stacks = { 0 };
	bool seen = !deployed;
	int r = store_stack_list(s, &stacks, err);

	for (size_t i = 0; r == 0 && i < stacks.n; i++) {
		struct deps_node *n = node_add(d, "stack", stacks.list[i].name, NULL);

		if (!n)
			return sp_fail_nomem(err);
		snprintf(n->version, sizeof(n->version), "%" PRId64, stacks.list[i].revision);
		snprintf(n->state, sizeof(n->state), "%s", stacks.list[i].state);
		seen |= deployed && !strcmp(n->stack, deployed->name);
	}
	if (r == 0 && !seen && !node_add(d, "stack", deployed->name, NULL))
		return sp_fail_nomem(err);
	return r;
}

static int add_resources(struct deps *d, struct sp_err *err)
{
	for (size_t i = 0; i < d->rows.n; i++) {
		const struct store_resource *row = &d->rows.list[i];
		struct deps_node *n;

		if (!strcmp(row->kind, "output"))
			continue;
		n = node_add(d, row->kind, row->stack, row->name);
		if (!n)
			return sp_fail_nomem(err);
		snprintf(n->version, sizeof(n->version), "%s", row->detail);
	}
	return 0;
}

static bool to_stack(const struct store_dependency *row)
{
	return !strcmp(row->on_kind, "stack");
}

/* Stacks that are required and not there. */
static int add_missing(struct deps *d, struct sp_err *err)
{
	size_t known = d->n;

	qsort(d->nodes, known, sizeof(*d->nodes), compare);
	for (size_t i = 0; i < d->rows.n_dependencies; i++) {
		const struct store_dependency *row = &d->rows.dependencies[i];
		struct deps view = { .nodes = d->nodes, .n = known };
		bool seen = !to_stack(row) || deps_find(&view, row->on_stack) != GRAPH_NONE;
		struct deps_node *n;

		for (size_t j = known; j < d->n; j++)
			seen |= !strcmp(d->nodes[j].id, row->on_stack);
		if (seen)
			continue;
		n = node_add(d, "stack", row->on_stack, NULL);
		if (!n)
			return sp_fail_nomem(err);
		n->missing = true;
	}
	qsort(d->nodes, d->n, sizeof(*d->nodes), compare);
	return 0;
}

/* ---- edges ---- */

static size_t end_of(const struct deps *d, const char *kind, const char *stack, const char *name)
{
	char id[DEPS_ID_MAX];

	if (!strcmp(kind, "stack"))
		return deps_find(d, stack);
	snprintf(id, sizeof(id), "%s/%s", stack, name);
	return deps_find(d, id);
}

static int add_edges(struct deps *d, struct sp_err *err)
{
	d->edges = calloc(d->rows.n_dependencies + 1, sizeof(*d->edges));
	if (!d->edges)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < d->rows.n_dependencies; i++) {
		const struct store_dependency *row = &d->rows.dependencies[i];
		struct deps_edge e = { .detail = row->detail };

		if (!strcmp(row->on_kind, "output"))
			continue; /* the edge to its stack says it already */
		e.from = end_of(d, row->kind, row->stack, row->name);
		e.to = end_of(d, row->on_kind, row->on_stack, row->on_name);
		if (e.from != GRAPH_NONE && e.to != GRAPH_NONE)
			d->edges[d->n_edges++] = e;
	}
	return 0;
}

static int make_graph(struct deps *d, struct sp_err *err)
{
	autofree struct graph_edge *edges = calloc(d->n_edges + 1, sizeof(*edges));
	int r;

	d->levels = calloc(d->n + 1, sizeof(*d->levels));
	if (!edges || !d->levels)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < d->n_edges; i++)
		edges[i] = (struct graph_edge){ d->edges[i].from, d->edges[i].to };
	r = graph_new(d->n, edges, d->n_edges, &d->graph, err);
	return r < 0 ? r : graph_levels(d->graph, NULL, NULL, d->levels, err);
}

/* ---- a deploy that is not in the store yet ---- */

/* A stack that is required, or an output of it. */
static void require(struct deps *d, const struct stack *stack, const char *on, const char *output)
{
	struct store_dependency *row = &d->rows.dependencies[d->rows.n_dependencies++];

	*row = (struct store_dependency){ .kind = "stack" };
	snprintf(row->stack, sizeof(row->stack), "%s", stack->name);
	snprintf(row->name, sizeof(row->name), "%s", stack->name);
	snprintf(row->on_stack, sizeof(row->on_stack), "%s", on);
	snprintf(row->on_kind, sizeof(row->on_kind), "%s", output ? "output" : "stack");
	snprintf(row->on_name, sizeof(row->on_name), "%s", output ? output : on);
	snprintf(row->detail, sizeof(row->detail), "%s", output ? "" : "running");
}

static size_t count_required(const struct stack *stack)
{
	size_t n = stack->n_requires;

	for (size_t i = 0; i < stack->n_requires; i++)
		n += sp_strv_count(stack->requires[i].outputs);
	return n;
}

/* Requirements between stacks are all that a deploy can break; its own resources stay out. */
static int replace(struct deps *d, const struct stack *stack, struct sp_err *err)
{
	struct store_dependency *list;
	size_t n = 0;

	for (size_t i = 0; i < d->rows.n_dependencies; i++)
		if (strcmp(d->rows.dependencies[i].stack, stack->name) != 0)
			d->rows.dependencies[n++] = d->rows.dependencies[i];
	d->rows.n_dependencies = n;
	list = reallocarray(d->rows.dependencies, n + count_required(stack) + 1, sizeof(*list));
	if (!list)
		return sp_fail_nomem(err);
	d->rows.dependencies = list;
	for (size_t i = 0; i < stack->n_requires; i++) {
		const struct stack_require *q = &stack->requires[i];

		require(d, stack, q->stack, NULL);
		for (char **output = q->outputs; output && *output; output++)
			require(d, stack, q->stack, *output);
	}
	return 0;
}

int deps_read(struct store *s, const struct stack *stack, struct deps *ret, struct sp_err *err)
{
	autodeps struct deps d = { .asks = stack };
	int r = store_resources_read(s, &d.rows, err);

	if (r == 0 && stack)
		r = replace(&d, stack, err);
	if (r == 0)
		r = add_stacks(s, &d, stack, err);
	if (r == 0)
		r = add_resources(&d, err);
	if (r == 0)
		r = add_missing(&d, err);
	if (r == 0)
		r = add_edges(&d, err);
	if (r == 0)
		r = make_graph(&d, err);
	if (r < 0)
		return r;
	*ret = d;
	d = (struct deps){ 0 };
	return 0;
}

int deps_select(const struct deps *d, const char *const *names, bool closure, bool *ret,
		struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; i < d->n; i++)
		ret[i] = !names;
	for (; r == 0 && names && *names; names++) {
		size_t node = deps_find(d, *names);

		if (node == GRAPH_NONE || !deps_is_stack(d, node))
			return sp_fail(err, SP_E_NOT_FOUND, "there is no stack '%s'", *names);
		ret[node] = true;
		if (closure)
			r = graph_reach(d->graph, node, false, ret, err);
	}
	/* The services of a stack come with it. */
	for (size_t i = 0; r == 0 && names && i < d->n; i++)
		if (!deps_is_stack(d, i))
			ret[i] = ret[deps_find(d, d->nodes[i].stack)];
	return r;
}
