/* Snapshots as the API shows them, and what tells two apart; see snapshot.h. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/snapshot/snapshot.h"
#include "control/stack/declared.h"
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

/* One of the two that are compared. */
struct side {
	struct snapshot snapshot;
	struct desired desired;
	json_t *specs;
};

static void side_fini(struct side *side)
{
	snapshot_fini(&side->snapshot);
	desired_fini(&side->desired);
	json_decref(side->specs);
}

/* Specs with their node as one more field. */
static int add_workloads(struct side *side, struct sensitive *sensitive, struct sp_err *err)
{
	json_t *one;
	size_t i;
	int r = 0;

	json_array_foreach (side->snapshot.workloads, i, one) {
		json_t *spec = json_object_get(one, "spec");

		if (json_object_set(spec, "node", json_object_get(one, "node")) < 0 ||
		    json_array_append(side->specs, spec) < 0)
			return sp_fail_nomem(err);
		r = sensitive_add_spec(sensitive, spec, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* With the manifest it ran with, where that is known. */
static int pin_tasks(const struct side *side, size_t first)
{
	for (size_t i = first; i < json_array_size(side->specs); i++) {
		json_t *spec = json_array_get(side->specs, i);
		json_t *digest = json_object_get(
			side->snapshot.tasks, json_string_value(json_object_get(spec, "service")));

		if (digest && json_object_set(spec, "image_digest", digest) < 0)
			return -1;
	}
	return 0;
}

/* Tasks and what else is declared stand in the file. */
static int add_declared(struct side *side, struct sp_err *err)
{
	size_t first = json_array_size(side->specs);
	int r = task_specs(side->desired.stack, side->specs, err);

	if (r == 0 && pin_tasks(side, first) < 0)
		r = sp_fail_nomem(err);
	return r < 0 ? r : declared_append(side->desired.stack, side->specs, err);
}

static int side_read(struct store *s, const char *stack, int64_t version, struct side *side,
		     struct sp_err *err)
{
	int r = snapshot_open(s, stack, version, &side->snapshot, err);

	side->specs = json_array();
	return r < 0 ? r : desired_read(side->snapshot.bundle, &side->desired, err);
}

static int side_specs(struct side *side, enum sensitive_side which, struct sensitive *sensitive,
		      struct sp_err *err)
{
	int r = sensitive_add_stack(sensitive, which, side->desired.stack, err);

	if (r == 0)
		r = add_workloads(side, sensitive, err);
	return r < 0 ? r : add_declared(side, err);
}

static int compare(struct side *old, struct side *new, json_t **ret, struct sp_err *err)
{
	autosensitive struct sensitive sensitive = { 0 };
	struct workload_sides sides = { old->specs, new->specs, &sensitive };
	int r = side_specs(old, SENSITIVE_BEFORE, &sensitive, err);

	if (r == 0)
		r = side_specs(new, SENSITIVE_AFTER, &sensitive, err);
	return r < 0 ? r : workload_diff(&sides, ret, err);
}

int snapshot_compare(struct store *s, const char *stack, int64_t from, int64_t to, json_t **ret,
		     struct sp_err *err)
{
	struct side old = { 0 }, new = { 0 };
	json_t *list = NULL;
	int r = side_read(s, stack, from, &old, err);

	if (r == 0)
		r = side_read(s, stack, to, &new, err);
	if (r == 0)
		r = compare(&old, &new, &list, err);
	if (r == 0)
		*ret = json_pack("{s:s, s:I, s:I, s:o}", "stack", stack, "from", (json_int_t)from,
				 "to", (json_int_t)to, "workloads", list);
	if (r == 0 && !*ret)
		r = sp_fail_nomem(err);
	side_fini(&old);
	side_fini(&new);
	return r;
}
