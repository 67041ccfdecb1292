/* The summary of a snapshot's content; see summary.h. */
#include "control/snapshot/summary.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static void put(struct snapshot_summary *sum, json_t *set, const char *name)
{
	if (!name || json_object_set_new(set, name, json_true()) < 0)
		sum->failed = true;
}

static json_t *service_of(struct snapshot_summary *sum, const struct store_workload *w,
			  const json_t *spec)
{
	const char *name = w->service;
	json_t *service = json_object_get(sum->services, name);

	if (service)
		return service;
	service =
		json_pack("{s:s, s:s, s:s, s:i, s:{}}", "name", name, "image", text(spec, "image"),
			  "image_digest", text(spec, "image_digest"), "replicas", 0, "nodes");
	if (json_object_set_new(sum->services, name, service) < 0)
		sum->failed = true;
	return sum->failed ? NULL : service;
}

static void add_service(struct snapshot_summary *sum, const struct store_workload *w,
			const json_t *spec)
{
	json_t *service = service_of(sum, w, spec);
	json_int_t replicas = json_integer_value(json_object_get(service, "replicas"));

	if (!service || json_object_set_new(service, "replicas", json_integer(replicas + 1)) < 0)
		sum->failed = true;
	put(sum, json_object_get(service, "nodes"), w->node);
}

static void add_things(struct snapshot_summary *sum, const struct store_workload *w,
		       const json_t *spec)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(spec, "mounts"), i, one) {
		if (!strcmp(text(one, "type"), "volume"))
			put(sum, sum->volumes, text(one, "source"));
	}
	json_array_foreach (json_object_get(spec, "files"), i, one) {
		if (json_is_true(json_object_get(one, "secret")))
			put(sum, sum->secrets, text(one, "target"));
	}
	json_array_foreach (json_object_get(spec, "ports"), i, one) {
		autofree char *port =
			sp_str_format("%s:%d", w->node,
				      (int)json_integer_value(json_object_get(one, "host_port")));

		put(sum, sum->ports, port);
	}
}

/* The names of a set, in the order they came. */
static json_t *list_of(const json_t *set)
{
	json_t *list = json_array(), *one;
	const char *name;

	json_object_foreach ((json_t *)set, name, one) {
		json_array_append_new(list, json_string(name));
	}
	return list;
}

static json_t *services_of(const struct snapshot_summary *sum)
{
	json_t *list = json_array(), *service;
	const char *name;

	json_object_foreach (sum->services, name, service) {
		json_object_set_new(service, "nodes", list_of(json_object_get(service, "nodes")));
		json_array_append(list, service);
	}
	return list;
}

int snapshot_summary_begin(struct snapshot_summary *sum, struct sp_err *err)
{
	*sum = (struct snapshot_summary){ .services = json_object(),
					  .volumes = json_object(),
					  .ports = json_object(),
					  .secrets = json_object() };
	return sum->services && sum->volumes && sum->ports && sum->secrets ? 0 : sp_fail_nomem(err);
}

void snapshot_summary_add(struct snapshot_summary *sum, const struct store_workload *w,
			  const json_t *spec)
{
	sum->workloads++;
	add_service(sum, w, spec);
	add_things(sum, w, spec);
}

json_t *snapshot_summary_end(struct snapshot_summary *sum)
{
	json_t *ret = NULL;

	if (!sum->failed)
		ret = json_pack("{s:I, s:o, s:o, s:o, s:o}", "workloads", sum->workloads,
				"services", services_of(sum), "volumes", list_of(sum->volumes),
				"ports", list_of(sum->ports), "secrets", list_of(sum->secrets));
	json_decref(sum->services);
	json_decref(sum->volumes);
	json_decref(sum->ports);
	json_decref(sum->secrets);
	return ret;
}
