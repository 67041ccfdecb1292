/* Snapshots as the API shows them, and what tells two apart; see snapshot.h. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/snapshot/snapshot.h"
#include "control/stack/desired.h"
#include "control/stack/task_specs.h"
#include "control/stack/workload_diff.h"

static json_t *tags_of(const char *tags)
{
	json_t *list = json_array();

	while (*tags) {
		size_t len = strcspn(tags, ",");

		json_array_append_new(list, json_stringn(tags, len));
		tags += len + (tags[len] == ',');
	}
	return list;
}

json_t *snapshot_view(const struct store_snapshot *n)
{
	return json_pack(
		"{s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:I, s:O, s:b}",
		"stack", n->stack, "version", (json_int_t)n->version, "revision",
		(json_int_t)n->revision, "content", n->content, "cause", n->cause, "operation",
		n->operation, "creator", n->creator, "description", n->description, "tags",
		tags_of(n->tags), "created_at", sp_json_stamp(n->created_at_ns), "verified_at",
		sp_json_stamp(n->verified_at_ns), "verified_by", n->verified_by, "size_bytes",
		(json_int_t)n->size_bytes, "summary", n->summary, "damaged", n->damaged);
}

/* Specs with their node as one more field. */
static int workloads_of(const struct snapshot *n, struct sensitive *sensitive, json_t *ret,
			struct sp_err *err)
{
	json_t *one;
	size_t i;
	int r = 0;

	json_array_foreach (n->workloads, i, one) {
		json_t *spec = json_object_get(one, "spec");

		if (json_object_set(spec, "node", json_object_get(one, "node")) < 0 ||
		    json_array_append(ret, spec) < 0)
			return sp_fail_nomem(err);
		r = sensitive_add_spec(sensitive, spec, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* With the manifest it ran with, where that is known. */
static int pin_tasks(const struct snapshot *n, size_t first, json_t *list)
{
	for (size_t i = first; i < json_array_size(list); i++) {
		json_t *spec = json_array_get(list, i);
		json_t *digest = json_object_get(
			n->tasks, json_string_value(json_object_get(spec, "service")));

		if (digest && json_object_set(spec, "image_digest", digest) < 0)
			return -1;
	}
	return 0;
}

/* Tasks stand in the bundle; with them come all of the stack's secrets. */
static int tasks_of(const struct snapshot *n, struct sensitive *sensitive, json_t *ret,
		    struct sp_err *err)
{
	struct desired d = { 0 };
	size_t first = json_array_size(ret);
	int r = desired_read(n->bundle, &d, err);

	if (r == 0)
		r = sensitive_add_stack(sensitive, d.stack, err);
	if (r == 0)
		r = task_specs(d.stack, ret, err);
	desired_fini(&d);
	if (r == 0 && pin_tasks(n, first, ret) < 0)
		r = sp_fail_nomem(err);
	return r;
}

static int specs_of(const struct snapshot *n, struct sensitive *sensitive, json_t *ret,
		    struct sp_err *err)
{
	int r = workloads_of(n, sensitive, ret, err);

	return r < 0 ? r : tasks_of(n, sensitive, ret, err);
}

int snapshot_compare(struct store *s, const char *stack, int64_t from, int64_t to, json_t **ret,
		     struct sp_err *err)
{
	autowholesnapshot struct snapshot old = { 0 }, new = { 0 };
	autosensitive struct sensitive sensitive = { 0 };
	autojson json_t *before = json_array(), *after = json_array();
	struct workload_sides sides = { before, after, &sensitive };
	json_t *list = NULL;
	int r = snapshot_open(s, stack, from, &old, err);

	if (r == 0)
		r = snapshot_open(s, stack, to, &new, err);
	if (r == 0)
		r = specs_of(&old, &sensitive, before, err);
	if (r == 0)
		r = specs_of(&new, &sensitive, after, err);
	if (r == 0)
		r = workload_diff(&sides, &list, err);
	if (r < 0)
		return r;
	*ret = json_pack("{s:s, s:I, s:I, s:o}", "stack", stack, "from", (json_int_t)from, "to",
			 (json_int_t)to, "workloads", list);
	return *ret ? 0 : sp_fail_nomem(err);
}
