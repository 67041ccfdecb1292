/* The summary of a snapshot's content; see summary.h. */
#include "control/snapshot/summary.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

struct summing {
	json_t *services;                  /* by name */
	json_t *volumes, *ports, *secrets; /* sets */
	bool failed;
};

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static void put(struct summing *sum, json_t *set, const char *name)
{
	if (!name || json_object_set_new(set, name, json_true()) < 0)
		sum->failed = true;
}

static json_t *service_of(struct summing *sum, const json_t *workload, const json_t *spec)
{
	const char *name = text(workload, "service");
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

static void add_service(struct summing *sum, const json_t *workload, const json_t *spec)
{
	json_t *service = service_of(sum, workload, spec);
	json_int_t replicas = json_integer_value(json_object_get(service, "replicas"));

	if (!service || json_object_set_new(service, "replicas", json_integer(replicas + 1)) < 0)
		sum->failed = true;
	put(sum, json_object_get(service, "nodes"), text(workload, "node"));
}

static void add_things(struct summing *sum, const json_t *workload, const json_t *spec)
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
			sp_str_format("%s:%d", text(workload, "node"),
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

static json_t *services_of(const struct summing *sum)
{
	json_t *list = json_array(), *service;
	const char *name;

	json_object_foreach (sum->services, name, service) {
		json_object_set_new(service, "nodes", list_of(json_object_get(service, "nodes")));
		json_array_append(list, service);
	}
	return list;
}

json_t *snapshot_summary(const json_t *workloads)
{
	autojson json_t *services = json_object(), *volumes = json_object();
	autojson json_t *ports = json_object(), *secrets = json_object();
	struct summing sum = { services, volumes, ports, secrets, false };
	const json_t *one;
	size_t i;

	json_array_foreach (workloads, i, one) {
		add_service(&sum, one, json_object_get(one, "spec"));
		add_things(&sum, one, json_object_get(one, "spec"));
	}
	if (sum.failed)
		return NULL;
	return json_pack("{s:I, s:o, s:o, s:o, s:o}", "workloads",
			 (json_int_t)json_array_size(workloads), "services", services_of(&sum),
			 "volumes", list_of(volumes), "ports", list_of(ports), "secrets",
			 list_of(secrets));
}
