/* Names of workloads; see resolve.h. */
#include "ctl/resolve.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "ctl/exit.h"
#include "ctl/output.h"

static bool is_service(const json_t *w, const char *name)
{
	const char *stack = ctl_json_text(w, "stack"), *slash = strchr(name, '/');

	if (slash)
		return strlen(stack) == (size_t)(slash - name) &&
		       !strncmp(stack, name, strlen(stack)) &&
		       sp_str_eq(ctl_json_text(w, "service"), slash + 1);
	return sp_str_eq(ctl_json_text(w, "service"), name);
}

static bool is_there(const json_t *list, const char *id)
{
	json_t *w;
	size_t i;

	json_array_foreach (list, i, w)
		if (sp_str_eq(ctl_json_text(w, "id"), id))
			return true;
	return false;
}

static int add(json_t *list, json_t *w, struct wire_failure *fail)
{
	if (is_there(list, ctl_json_text(w, "id")))
		return 0;
	return json_array_append(list, w) < 0 ? sp_fail_nomem(&fail->err) : 0;
}

/* A workload that is no more, but may have left a log. */
static int add_gone(json_t *list, const char *name, struct wire_failure *fail)
{
	autojson json_t *gone = NULL;

	if (!sp_id_valid(name) || !strchr(name, '-')) {
		ctl_fail(fail, SP_E_NOT_FOUND, "there is no workload or service '%s'", name);
		fail->err.stage = SP_STAGE_NONE;
		return ctl_fail_next(fail, "ctl ps");
	}
	gone = json_pack("{s:s}", "id", name);
	return gone ? add(list, gone, fail) : sp_fail_nomem(&fail->err);
}

static int resolve_name(const json_t *workloads, const char *name, json_t *list,
			struct wire_failure *fail)
{
	const char *stack = NULL;
	json_t *w;
	size_t i;

	json_array_foreach (workloads, i, w)
		if (sp_str_eq(ctl_json_text(w, "id"), name))
			return add(list, w, fail);
	json_array_foreach (workloads, i, w) {
		int r;

		if (!is_service(w, name))
			continue;
		if (stack && !sp_str_eq(stack, ctl_json_text(w, "stack")))
			return ctl_fail(fail, SP_E_INVALID,
					"service '%s' is in several stacks; say '%s/%s' or '%s/%s'",
					name, stack, name, ctl_json_text(w, "stack"), name);
		stack = ctl_json_text(w, "stack");
		r = add(list, w, fail);
		if (r < 0)
			return r;
	}
	return stack ? 0 : add_gone(list, name, fail);
}

int ctl_resolve_in(const json_t *workloads, char *const *names, size_t n, json_t **ret,
		   struct wire_failure *fail)
{
	autojson json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		int r = resolve_name(workloads, names[i], list, fail);

		if (r < 0)
			return r;
	}
	*ret = take_ptr(list);
	return 0;
}

int ctl_resolve(struct ctl *ctl, char *const *names, size_t n, json_t **ret,
		struct wire_failure *fail)
{
	autojson json_t *document = NULL;
	int r = ctl_get(ctl, "/v1/workloads", &document, fail);

	if (r < 0)
		return r;
	ctl_warn_unreachable(document);
	return ctl_resolve_in(json_object_get(document, "workloads"), names, n, ret, fail);
}

int ctl_resolve_one(struct ctl *ctl, const char *name, char **ret_id, struct wire_failure *fail)
{
	autojson json_t *list = NULL;
	json_t *first;
	int r = ctl_resolve(ctl, (char *const[]){ (char *)name }, 1, &list, fail);

	if (r < 0)
		return r;
	first = json_array_get(list, 0);
	if (json_array_size(list) > 1)
		return ctl_fail(fail, SP_E_INVALID,
				"service '%s' has %zu workloads; name one, such as '%s'", name,
				json_array_size(list), ctl_json_text(first, "id"));
	if (!json_object_get(first, "state")) {
		ctl_fail(fail, SP_E_NOT_FOUND, "there is no workload '%s'", name);
		fail->err.stage = SP_STAGE_NONE;
		return ctl_fail_next(fail, "ctl ps");
	}
	*ret_id = strdup(ctl_json_text(first, "id"));
	return *ret_id ? 0 : sp_fail_nomem(&fail->err);
}

int ctl_warn_unreachable(const json_t *document)
{
	json_t *nodes = json_object_get(document, "unreachable"), *node;
	size_t i;

	json_array_foreach (nodes, i, node)
		fprintf(stderr, "warning: node '%s' does not answer\n",
			json_string_value(node) ? json_string_value(node) : "?");
	return json_array_size(nodes) ? CTL_EXIT_UNREACHABLE : CTL_EXIT_OK;
}
