/* All of a stack, node by node; see drift.h. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "control/drift_impl.h"

SP_AUTO(struct wire_workload *, wire_workload_free)

static const json_t *find_seen(const json_t *reply, const char *id)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(reply, "workloads"), i, one) {
		if (!strcmp(drift_text(one, "id"), id))
			return one;
	}
	return NULL;
}

static int decode(const struct store_workload *w, struct wire_workload **ret, struct sp_err *err)
{
	autojson json_t *json = NULL;
	int r = sp_json_parse(w->spec, strlen(w->spec), &json, err);

	return r < 0 ? r : wire_workload_decode(json, ret, err);
}

static int compare_workload(const struct drift_scope *on, const struct store_workload *w,
			    struct sp_err *err)
{
	auto_(wire_workload_free) struct wire_workload *spec = NULL;
	struct drift_scope s = *on;
	int r = decode(w, &spec, err);

	if (r < 0)
		return sp_err_prefix(err, "workload '%s'", w->id);
	s.spec = spec;
	s.resource = w->id;
	s.seen = find_seen(on->node->seen, w->id);
	if (s.seen)
		drift_workload(&s);
	else
		drift_add(&s, DRIFT_RULE_MISSING, "workload", "on the node", "missing");
	return s.error < 0 ? sp_fail_nomem(err) : 0;
}

static int compare_workloads(const struct drift_scope *on, size_t *ret_n, struct sp_err *err)
{
	const struct store_workloads *all = on->in->workloads;
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->n; i++) {
		if (strcmp(all->list[i].node, on->node->row->name) != 0)
			continue;
		r = compare_workload(on, &all->list[i], err);
		++*ret_n;
	}
	return r;
}

/* Of a node's own network only what a workload of the stack is in need of: that of its nodes. */
static int compare_node(const struct drift_input *in, const struct drift_node *node,
			struct drift_findings *out, struct sp_err *err)
{
	struct drift_scope s = { .in = in, .node = node, .out = out };
	char resource[STORE_NAME_MAX + 8];
	size_t n = 0;
	int r = compare_workloads(&s, &n, err);

	if (r < 0)
		return r;
	snprintf(resource, sizeof(resource), "node/%s", node->row->name);
	s.resource = resource;
	s.seen = node->seen;
	if (n)
		drift_node(&s);
	drift_extra(&s);
	return s.error < 0 ? sp_fail_nomem(err) : 0;
}

int drift_compare(const struct drift_input *in, struct drift_findings *ret, struct sp_err *err)
{
	autodrift struct drift_findings found = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < in->n_nodes; i++)
		if (in->nodes[i].seen)
			r = compare_node(in, &in->nodes[i], &found, err);
	if (r < 0)
		return r;
	*ret = found;
	found = (struct drift_findings){ 0 };
	return 0;
}
