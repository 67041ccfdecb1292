/* Stacks as the API shows them; see stack_view.h. */
#include "control/api/stack_view.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

static const char *member(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_t *ports_of(const json_t *spec)
{
	json_t *list = json_array(), *p;
	size_t i;

	json_array_foreach (json_object_get(spec, "ports"), i, p) {
		const char *address = member(p, "host_address"), *protocol = member(p, "protocol");

		json_array_append_new(list, json_pack("{s:s, s:O?, s:O?, s:s}", "address",
						      address ? address : "0.0.0.0", "published",
						      json_object_get(p, "host_port"), "target",
						      json_object_get(p, "container_port"),
						      "protocol", protocol ? protocol : "tcp"));
	}
	return list;
}

static json_t *probes_of(const json_t *spec)
{
	static const char *const kinds[] = { "startup", "liveness", "readiness" };
	static const char *const fields[] = { "type", "port", "path" };
	json_t *probes = json_object();

	for (size_t i = 0; i < SP_COUNT(kinds); i++) {
		json_t *probe = json_object_get(spec, kinds[i]), *shown;

		if (!probe)
			continue;
		shown = json_object();
		for (size_t j = 0; j < SP_COUNT(fields); j++)
			if (json_object_get(probe, fields[j]))
				json_object_set(shown, fields[j],
						json_object_get(probe, fields[j]));
		json_object_set_new(probes, kinds[i], shown);
	}
	return probes;
}

/* What the service's labels say to verify; NULL when they say nothing. */
static json_t *verify_of(const json_t *spec)
{
	const char *items = member(json_object_get(spec, "labels"), "stackpilot.verify.items");

	return items ? json_pack("{s:s}", "items", items) : NULL;
}

/* {id: true} of what is ready in a stack. */
static json_t *ready_in(const char *stack, const json_t *statuses)
{
	json_t *ready = json_object();
	const json_t *one;
	size_t i;

	json_array_foreach (statuses, i, one) {
		if (json_is_true(json_object_get(one, "ready")) &&
		    sp_str_eq(member(one, "stack"), stack))
			json_object_set_new(ready, member(one, "id"), json_true());
	}
	return ready;
}

static void add_node(json_t *nodes, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach (nodes, i, one) {
		if (!strcmp(json_string_value(one), name))
			return;
	}
	json_array_append_new(nodes, json_string(name));
}

/* The replicas of one service stand together, the one with the spec first. ready_ids NULL: nobody
 * was asked. */
static json_t *service_view(const struct store_workload *first, size_t n, const json_t *ready_ids)
{
	autojson json_t *spec = json_loads(first->spec, 0, NULL), *nodes = json_array();
	const char *image = member(spec, "image");
	json_t *verify = verify_of(spec), *view;
	size_t ready = 0;

	for (size_t i = 0; i < n; i++) {
		ready += json_object_get(ready_ids, first[i].id) != NULL;
		add_node(nodes, first[i].node);
	}
	view = json_pack("{s:s, s:s, s:I, s:O, s:o, s:o, s:o*}", "name", first->service, "image",
			 image ? image : "", "replicas", (json_int_t)n, "nodes", nodes, "ports",
			 ports_of(spec), "probes", probes_of(spec), "verify", verify);
	if (view && ready_ids)
		json_object_set_new(view, "ready", json_integer((json_int_t)ready));
	return view;
}

static size_t replicas_from(const struct store_workloads *w, size_t i)
{
	size_t n = 1;

	while (i + n < w->n && !strcmp(w->list[i + n].service, w->list[i].service))
		n++;
	return n;
}

/* The revision to show: the one that runs; of a stack that never ran, the last there is. */
static int list_shown(struct store *s, const struct store_stack *stack, struct store_workloads *ret,
		      struct sp_err *err)
{
	autoworkloads struct store_workloads all = { 0 };
	int r;

	if (stack->revision)
		return store_workload_list_brief(s, stack->name, stack->revision, ret, err);
	r = store_workload_list_brief(s, stack->name, 0, &all, err);
	if (r < 0 || !all.n)
		return r;
	return store_workload_list_brief(s, stack->name, all.list[all.n - 1].revision, ret, err);
}

int stack_view(struct store *s, const struct store_stack *stack, const json_t *statuses,
	       json_t **ret, struct sp_err *err)
{
	autoworkloads struct store_workloads shown = { 0 };
	autojson json_t *services = json_array();
	autojson json_t *ready = statuses ? ready_in(stack->name, statuses) : NULL;
	char at[SP_TIME_STAMP_MAX], expires[SP_TIME_STAMP_MAX];
	int r = list_shown(s, stack, &shown, err);

	if (r < 0)
		return r;
	for (size_t i = 0, n; i < shown.n; i += n) {
		n = replicas_from(&shown, i);
		if (json_array_append_new(services, service_view(&shown.list[i], n, ready)) < 0)
			return sp_fail_nomem(err);
	}
	sp_time_format(stack->updated_at_ns, at);
	sp_time_format(stack->expires_at_ns, expires);
	*ret = json_pack("{s:s, s:I, s:s, s:s, s:O, s:s, s:s, s:s?}", "name", stack->name,
			 "revision", (json_int_t)stack->revision, "digest", stack->digest, "state",
			 stack->state, "services", services, "updated_at", at, "operation",
			 stack->operation, "expires_at", stack->expires_at_ns ? expires : NULL);
	return *ret ? 0 : sp_fail_nomem(err);
}
