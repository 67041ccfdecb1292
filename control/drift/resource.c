/* See resource.h. */
#include "control/drift/resource.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "control/drift/detect.h"
#include "control/store/node.h"
#include "control/store/stack.h"

#define OF_NODE "node/"

/* "demo-db-1", or "demo-db-1/mounts./data". */
static bool is_of(const char *resource, const char *name)
{
	size_t n = strlen(name);

	return n && !strncmp(resource, name, n) && (!resource[n] || resource[n] == '/');
}

static bool is_in_report(const json_t *report, const char *resource)
{
	const json_t *finding;
	size_t i;

	json_array_foreach (json_object_get(report, "findings"), i, finding) {
		if (is_of(resource, json_string_value(json_object_get(finding, "resource"))))
			return true;
	}
	return false;
}

/* 1: it is one of them. */
static int is_workload(struct store *s, const char *stack, const char *resource, struct sp_err *err)
{
	autoworkloads struct store_workloads all = { 0 };
	int r = store_workload_list_brief(s, stack, 0, &all, err);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (is_of(resource, all.list[i].id))
			return 1;
	return r;
}

static int is_node(struct store *s, const char *resource, struct sp_err *err)
{
	autonodes struct store_nodes all = { 0 };
	int r = sp_str_starts(resource, OF_NODE) ? store_node_list(s, &all, err) : 0;

	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (is_of(resource + strlen(OF_NODE), all.list[i].name))
			return 1;
	return r;
}

int drift_resource_find(struct store *s, const char *stack, const json_t *report,
			const char *resource, struct sp_err *err)
{
	int r;

	if (!resource || is_in_report(report, resource))
		return 0;
	r = is_workload(s, stack, resource, err);
	if (r == 0)
		r = is_node(s, resource, err);
	if (r != 0)
		return r < 0 ? r : 0;
	return sp_fail(err, SP_E_NOT_FOUND, "stack '%s' has no resource '%s'", stack, resource);
}

int drift_resource_look(struct control *c, struct store *s, const char *stack, const char *resource,
			struct sp_err *err)
{
	struct drift_report report = { 0 };
	int r = drift_resource_find(s, stack, NULL, resource, err);

	if (r != -ENOENT || drift_find(c, s, stack, NULL, &report, NULL) < 0)
		return r;
	r = drift_resource_find(s, stack, report.json, resource, err);
	drift_report_fini(&report);
	return r;
}
