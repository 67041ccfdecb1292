/* All of a stack, node by node; see drift.h. */
#include <stdio.h>
#include <string.h>

#include "control/drift/impl.h"

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

static void compare_workload(struct drift_scope s, const struct wire_workload *spec, int *error)
{
	s.spec = spec;
	s.resource = spec->id;
	s.seen = find_seen(s.node->seen, spec->id);
	if (s.seen)
		drift_workload(&s);
	else
		drift_add(&s, DRIFT_RULE_MISSING, "workload", "on the node", "missing");
	*error = s.error;
}

/* Of a node's own network only what a workload of the stack is in need of: that of its nodes. */
static int compare_node(const struct drift_input *in, const struct drift_node *node,
			struct drift_findings *out, struct sp_err *err)
{
	struct drift_scope s = { .in = in, .node = node, .out = out };
	char resource[STORE_NAME_MAX + 8];
	size_t n = 0;

	for (size_t i = 0; i < in->workloads->n; i++) {
		if (strcmp(in->workloads->list[i].node, node->row->name) != 0)
			continue;
		compare_workload(s, in->specs[i], &s.error);
		n++;
	}
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
