/* See fixed.h. */
#include "control/drift/fixed.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/drift/repair.h"
#include "control/store/drift.h"

char *fixed_subject(const struct drift_findings *all, size_t at, const char *stack)
{
	autojson json_t *list = json_array();

	for (size_t i = 0; i < all->n; i++)
		if (drift_repair_is_same(&all->list[i], &all->list[at]) &&
		    json_array_append_new(list, drift_finding_json(&all->list[i], stack)) < 0)
			return NULL;
	return sp_json_canonical(list);
}

static const char *text_of(const json_t *finding, const char *key)
{
	const char *text = json_string_value(json_object_get(finding, key));

	return text ? text : "";
}

static bool is_same(const json_t *a, const json_t *b)
{
	return !strcmp(text_of(a, "node"), text_of(b, "node")) &&
	       !strcmp(text_of(a, "resource"), text_of(b, "resource")) &&
	       !strcmp(text_of(a, "field"), text_of(b, "field"));
}

static bool has(const json_t *list, const json_t *finding)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one) {
		if (is_same(one, finding))
			return true;
	}
	return false;
}

static int add_new(json_t *list, const json_t *findings, struct sp_err *err)
{
	json_t *one;
	size_t i;

	json_array_foreach (findings, i, one) {
		if (!has(list, one) && json_array_append(list, one) < 0)
			return sp_fail_nomem(err);
	}
	return 0;
}

int fixed_meant(struct operation *o, json_t **ret, struct sp_err *err)
{
	autojson json_t *subjects = NULL, *list = json_array();
	const json_t *one;
	size_t i;
	int r = list ? store_step_subjects(o->store, o->row.id, FIXED_STEP, &subjects, err)
		     : sp_fail_nomem(err);

	if (r < 0)
		return r;
	json_array_foreach (subjects, i, one) {
		r = add_new(list, one, err);
		if (r < 0)
			return r;
	}
	*ret = take_ptr(list);
	return 0;
}

/* What is on a node that does not answer is unknown. */
static bool is_gone(const json_t *finding, const struct drift_report *now)
{
	for (char **node = now->unreachable; node && *node; node++)
		if (!strcmp(*node, text_of(finding, "node")))
			return false;
	return !has(json_object_get(now->json, "findings"), finding);
}

const json_t *fixed_first_left(const json_t *meant, const struct drift_report *now)
{
	const json_t *one;
	size_t i;

	json_array_foreach (meant, i, one) {
		if (!is_gone(one, now))
			return one;
	}
	return NULL;
}

int fixed_tell(const struct operation *o, const json_t *meant, const struct drift_report *now,
	       struct sp_err *err)
{
	const json_t *one;
	size_t i;
	int r = 0;

	json_array_foreach (meant, i, one) {
		if (r == 0 && is_gone(one, now))
			r = store_drift_fixed(o->store, o->row.stack, o->row.id, one, err);
	}
	return r;
}
