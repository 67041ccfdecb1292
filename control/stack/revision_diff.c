/* Comparing two revisions; see revision_diff.h. */
#include "control/stack/revision_diff.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "control/stack/declared.h"
#include "control/stack/desired.h"
#include "control/stack/task_specs.h"
#include "control/stack/workload_diff.h"

struct side {
	struct desired desired;
	json_t *specs;
};

static int read_side(struct store *s, const char *stack, int64_t revision, struct side *side,
		     struct sp_err *err)
{
	char *bundle = NULL;
	int r = store_revision_bundle(s, stack, revision, &bundle, err);

	if (r < 0)
		return r;
	r = desired_read(bundle, &side->desired, err);
	explicit_bzero(bundle, strlen(bundle));
	free(bundle);
	side->specs = json_array();
	for (size_t i = 0; r == 0 && i < side->desired.n; i++) {
		json_t *spec = NULL;

		r = wire_workload_encode(side->desired.list[i].spec, &spec, err);
		if (r == 0 && json_array_append_new(side->specs, spec) < 0)
			r = sp_fail_nomem(err);
	}
	if (r == 0)
		r = task_specs(side->desired.stack, side->specs, err);
	return r < 0 ? r : declared_append(side->desired.stack, side->specs, err);
}

static int compare(const struct side *from, const struct side *to, json_t **ret, struct sp_err *err)
{
	autosensitive struct sensitive sensitive = { 0 };
	struct workload_sides sides = { from->specs, to->specs, &sensitive };
	int r = sensitive_add_stack(&sensitive, SENSITIVE_BEFORE, from->desired.stack, err);

	if (r == 0)
		r = sensitive_add_stack(&sensitive, SENSITIVE_AFTER, to->desired.stack, err);
	return r < 0 ? r : workload_diff(&sides, ret, err);
}

static void fini(struct side *side)
{
	desired_fini(&side->desired);
	json_decref(side->specs);
}

int revision_diff(struct store *s, const char *stack, int64_t from, int64_t to, json_t **ret,
		  struct sp_err *err)
{
	struct side before = { 0 }, after = { 0 };
	struct store_stack row;
	json_t *list = NULL;
	int r = store_stack_get(s, stack, &row, err);

	if (r < 0)
		return r;
	to = to ? to : row.revision;
	from = from ? from : to - 1;
	if (!from)
		return sp_fail(err, SP_E_NOT_FOUND, "stack '%s' has no revision before %lld", stack,
			       (long long)to);
	r = read_side(s, stack, from, &before, err);
	if (r == 0)
		r = read_side(s, stack, to, &after, err);
	if (r == 0)
		r = compare(&before, &after, &list, err);
	if (r == 0)
		*ret = json_pack("{s:s, s:I, s:I, s:o}", "stack", stack, "from", (json_int_t)from,
				 "to", (json_int_t)to, "workloads", list);
	if (r == 0 && !*ret)
		r = sp_fail_nomem(err);
	fini(&before);
	fini(&after);
	return r;
}
