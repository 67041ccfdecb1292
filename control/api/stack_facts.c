/* See stack_facts.h. */
#include "control/api/stack_facts.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/api/lock.h"
#include "control/api/verification_view.h"
#include "control/snapshot/snapshot.h"
#include "control/store/drift.h"
#include "control/store/operation.h"

struct facts {
	struct store *s;
	const struct deps *d;
	const char *stack;
	const json_t *statuses;
};

static int executions(const struct facts *f, json_t **ret, struct sp_err *err)
{
	return store_operation_counts(f->s, f->stack, ret, err);
}

static int last_operation(const struct facts *f, json_t **ret, struct sp_err *err)
{
	autojson json_t *list = NULL;
	json_t *last;
	int r = store_operation_views(f->s, f->stack, 1, &list, err);

	if (r < 0)
		return r;
	last = json_array_get(list, 0);
	*ret = last ? json_incref(last) : json_null();
	return 0;
}

static int workloads(const struct facts *f, json_t **ret, struct sp_err *err)
{
	const json_t *one;
	size_t i;

	*ret = json_array();
	json_array_foreach (f->statuses, i, one) {
		const char *of = json_string_value(json_object_get(one, "stack"));

		if (sp_str_eq(of, f->stack) && json_array_append(*ret, (json_t *)one) < 0)
			return sp_fail_nomem(err);
	}
	return 0;
}

static int resources(const struct facts *f, json_t **ret, struct sp_err *err)
{
	const struct store_resources *rows = &f->d->rows;

	*ret = json_array();
	for (size_t i = 0; i < rows->n; i++) {
		const struct store_resource *one = &rows->list[i];

		if (strcmp(one->stack, f->stack) != 0)
			continue;
		if (json_array_append_new(*ret,
					  json_pack("{s:s, s:s, s:s}", "kind", one->kind, "name",
						    one->name, "detail", one->detail)) < 0)
			return sp_fail_nomem(err);
	}
	return 0;
}

/* The stack's own row of what deps_view() shows of it and its services; null when it has gone. */
static int dependencies(const struct facts *f, json_t **ret, struct sp_err *err)
{
	const char *const names[] = { f->stack, NULL };
	autojson json_t *view = NULL;
	const json_t *one;
	size_t i;
	int r = deps_find(f->d, f->stack) == GRAPH_NONE ? 0
							: deps_view(f->d, names, false, &view, err);

	if (r < 0)
		return r;
	json_array_foreach (json_object_get(view, "resources"), i, one) {
		if (sp_str_eq(json_string_value(json_object_get(one, "id")), f->stack))
			*ret = json_incref((json_t *)one);
	}
	if (!*ret)
		*ret = json_null();
	return 0;
}

static int lock(const struct facts *f, json_t **ret, struct sp_err *err)
{
	struct store_lease l;
	int r = store_lease_get(f->s, f->stack, &l, err);

	return r < 0 ? r : lock_view(f->s, &l, ret, err);
}

static int snapshots(const struct facts *f, json_t **ret, struct sp_err *err)
{
	autosnapshots struct store_snapshots all = { 0 };
	int r = store_snapshot_list(f->s, f->stack, &all, err);

	if (r < 0)
		return r;
	*ret = json_pack("{s:I, s:o}", "count", (json_int_t)all.n, "last",
			 all.n ? snapshot_view(&all.list[0]) : json_null());
	return 0;
}

static int drift(const struct facts *f, json_t **ret, struct sp_err *err)
{
	autojson json_t *report = NULL;
	struct sp_err none = { 0 };
	int r = store_drift_get(f->s, f->stack, &report, &none);

	if (r < 0) {
		if (none.code != SP_E_NOT_FOUND) {
			*err = none;
			return r;
		}
		*ret = json_null();
		return 0;
	}
	*ret = json_pack("{s:O?, s:I}", "at", json_object_get(report, "at"), "findings",
			 (json_int_t)json_array_size(json_object_get(report, "findings")));
	return 0;
}

static int last_verify(const struct facts *f, json_t **ret, struct sp_err *err)
{
	struct store_verification v;
	int r = store_verification_get(f->s, f->stack, &v, err);

	if (r >= 0)
		*ret = r ? verification_view(&v) : json_null();
	return r < 0 ? r : 0;
}

static const struct fact {
	const char *key;
	int (*read)(const struct facts *f, json_t **ret, struct sp_err *err);
} facts[] = {
	{ "executions", executions },     { "last_operation", last_operation },
	{ "workloads", workloads },       { "resources", resources },
	{ "dependencies", dependencies }, { "lock", lock },
	{ "snapshots", snapshots },       { "drift", drift },
	{ "last_verify", last_verify },
};

int stack_facts_add(struct store *s, const struct deps *d, const char *stack,
		    const json_t *statuses, json_t *view, struct sp_err *err)
{
	const struct facts f = { s, d, stack, statuses };

	for (size_t i = 0; i < SP_COUNT(facts); i++) {
		json_t *value = NULL;
		int r = facts[i].read(&f, &value, err);

		if (r < 0) {
			json_decref(value);
			return r;
		}
		if (json_object_set_new(view, facts[i].key, value) < 0)
			return sp_fail_nomem(err);
	}
	return 0;
}
