/*
 * In which order stacks can be deployed: groups, each of which can start once the one before it is
 * done. What a group takes is its slowest stack, as past deploys took.
 */
#include <stdlib.h>

#include "base/json.h"
#include "control/deps/deps.h"

struct order {
	const struct deps *d;
	struct store *store;
	bool *wanted; /* stacks of the order */
	size_t *levels;
	json_t *groups;
	json_int_t number, parallel_ns, serial_ns;
	bool unknown; /* a stack was never deployed: the estimate leaves it out */
};

static int stack_view(struct order *o, size_t node, int64_t *ret_ns, json_t **ret,
		      struct sp_err *err)
{
	const struct deps_node *n = &o->d->nodes[node];
	int r = store_operation_takes(o->store, n->stack, "deploy", ret_ns, err);

	if (r < 0)
		return r;
	o->unknown |= *ret_ns == 0;
	*ret = json_pack("{s:I, s:s, s:s, s:b, s:o}", "number", ++o->number, "stack", n->stack,
			 "state", n->state, "missing", n->missing, "estimate_ns",
			 *ret_ns ? json_integer(*ret_ns) : json_null());
	return *ret ? 0 : sp_fail_nomem(err);
}

/* All of one level. 0: there is none. */
static int group_view(struct order *o, size_t level, struct sp_err *err)
{
	autojson json_t *stacks = json_array();
	int64_t slowest = 0, takes;
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->d->n; i++) {
		json_t *one = NULL;

		if (o->levels[i] != level)
			continue;
		r = stack_view(o, i, &takes, &one, err);
		if (r < 0)
			break;
		json_array_append_new(stacks, one);
		o->serial_ns += takes;
		slowest = takes > slowest ? takes : slowest;
	}
	if (r < 0 || !json_array_size(stacks))
		return r;
	o->parallel_ns += slowest;
	json_array_append_new(o->groups,
			      json_pack("{s:I, s:O, s:I}", "group", (json_int_t)(level + 1),
					"stacks", stacks, "estimate_ns", (json_int_t)slowest));
	return 1;
}

static int refuse_circle(const struct order *o, struct sp_err *err)
{
	for (size_t i = 0; i < o->d->n; i++)
		if (o->wanted[i] && o->levels[i] == GRAPH_NONE)
			return sp_fail(err, SP_E_INVALID,
				       "'%s' is on a circle or depends on one: there is no order",
				       o->d->nodes[i].id);
	return 0;
}

static int groups_view(struct order *o, json_t **ret, struct sp_err *err)
{
	int r = graph_levels(o->d->graph, o->wanted, NULL, o->levels, err);

	if (r == 0)
		r = refuse_circle(o, err);
	for (size_t level = 0; r >= 0; level++) {
		r = group_view(o, level, err);
		if (r == 0)
			break;
	}
	if (r < 0)
		return r;
	*ret = json_pack("{s:O, s:I, s:I, s:b}", "groups", o->groups, "estimate_ns", o->parallel_ns,
			 "estimate_serial_ns", o->serial_ns, "estimate_complete", !o->unknown);
	return *ret ? 0 : sp_fail_nomem(err);
}

int deps_order_view(const struct deps *d, struct store *s, const char *const *names, json_t **ret,
		    struct sp_err *err)
{
	autofree bool *wanted = calloc(d->n + 1, sizeof(*wanted));
	autofree size_t *levels = calloc(d->n + 1, sizeof(*levels));
	autojson json_t *groups = json_array();
	struct order o = {
		.d = d, .store = s, .wanted = wanted, .levels = levels, .groups = groups
	};
	int r = wanted && levels ? deps_select(d, names, true, wanted, err) : sp_fail_nomem(err);

	for (size_t i = 0; r == 0 && i < d->n; i++)
		wanted[i] = wanted[i] && deps_is_stack(d, i);
	return r < 0 ? r : groups_view(&o, ret, err);
}
