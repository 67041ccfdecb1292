/*
 * See fix.h. Everything an operation of this kind does is idempotent, and what there is to do
 * is found out anew each time: one that was cut off is just begun again.
 */
#include "control/drift/fix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"
#include "control/drift/detect.h"
#include "control/drift/fixed.h"
#include "control/drift/repair.h"
#include "control/operation/operation.h"
#include "control/operation/recovery.h"
#include "control/operation/worker.h"
#include "control/snapshot/step.h"
#include "control/stack/limit.h"

#define SETTLE_NS (20 * SP_NS_PER_S) /* for repairs to show */
#define PAUSE_NS  (200 * SP_NS_PER_MS)
#define AT_MAX    (STORE_NAME_MAX + DRIFT_FIELD_MAX + 16) /* "demo-db-1/limits.memory.max" */

struct fix {
	struct operation *o;
	const char *resource;       /* what is meant */
	struct drift_report report; /* of this attempt's first look: what is meant */
	struct drift_report now;    /* of the last look */
	int *steps;    /* of the journal, one for each of report; 0: another one's does */
	json_t *meant; /* by all attempts; NULL: not read */
};

static int is_before(const void *a, const void *b)
{
	return (int)drift_repair_of(a) - (int)drift_repair_of(b);
}

/* Keep what is meant, in the order of repairing. */
static void choose(struct fix *f)
{
	struct drift_findings *all = &f->report.findings;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		if (drift_is_meant(&all->list[i], f->resource))
			all->list[n++] = all->list[i];
	all->n = n;
	if (n)
		qsort(all->list, n, sizeof(*all->list), is_before);
}

/* A former attempt saw what is meant, and may have put it right before it was cut off. */
static bool was_seen_before(struct operation *o)
{
	autosteps struct store_steps steps = { 0 };
	bool seen = false;

	if (o->row.attempt == 1 || store_step_list(o->store, o->row.id, &steps, NULL) < 0)
		return false;
	for (size_t i = 0; i < steps.n; i++)
		seen |= !strcmp(steps.list[i].name, "detect") &&
			steps.list[i].state == STORE_STEP_DONE;
	return seen;
}

/* What a node has that does not answer is unknown: nobody may take it for as deployed. */
static int fail_unreachable(const struct fix *f, struct sp_err *err)
{
	const char *node = f->report.unreachable[0];

	snprintf(f->o->at.node, sizeof(f->o->at.node), "%s", node);
	return sp_fail(err, SP_E_UNREACHABLE,
		       "node '%s' does not answer: what it has is unknown, and was not repaired",
		       node);
}

static bool is_missing_a_node(const struct fix *f)
{
	return f->report.unreachable && f->report.unreachable[0];
}

static int look(struct operation *o, void *state, struct sp_err *err)
{
	struct fix *f = state;
	size_t found;
	int r = drift_detect(o->control, o->store, o->row.stack, o->row.id, &f->report, err);

	if (r < 0)
		return r;
	found = f->report.findings.n;
	choose(f);
	if (f->resource && !f->report.findings.n && is_missing_a_node(f))
		return fail_unreachable(f, err);
	if (f->resource && !f->report.findings.n && !was_seen_before(o))
		return sp_fail(err, SP_E_NOT_FOUND, "no difference at '%s'", f->resource);
	operation_say(o, "%zu found, %zu to repair", found, f->report.findings.n);
	return 0;
}

/* The same repair puts several findings right at once. */
static bool is_done_already(const struct drift_findings *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (drift_repair_is_same(&all->list[k], &all->list[i]))
			return true;
	return false;
}

/* The step that puts the one at i right; at is where its name is kept. */
static struct operation_step step_of(struct fix *f, size_t i, char at[AT_MAX])
{
	struct drift_finding *one = &f->report.findings.list[i];

	snprintf(at, AT_MAX, "%s/%s", one->resource, one->field);
	return (struct operation_step){ .name = FIXED_STEP,
					.node = one->node,
					.resource = at,
					.stage = SP_STAGE_START,
					.fn = drift_repair,
					.state = one };
}

static int plan_one(struct fix *f, size_t i, struct sp_err *err)
{
	autofree char *subject = fixed_subject(&f->report.findings, i, f->o->row.stack);
	char at[AT_MAX];
	struct operation_step step = step_of(f, i, at);

	step.subject = subject;
	return subject ? operation_plan(f->o, &step, &f->steps[i], err) : sp_fail_nomem(err);
}

/* All that is meant is in the journal before the first repair, which may put right more than the
 * finding it is for. */
static int plan_all(struct store *s, void *state, struct sp_err *err)
{
	struct fix *f = state;
	int r = 0;

	(void)s;
	for (size_t i = 0; r == 0 && i < f->report.findings.n; i++)
		if (!is_done_already(&f->report.findings, i))
			r = plan_one(f, i, err);
	return r;
}

static int repair_all(struct fix *f, struct sp_err *err)
{
	size_t n = f->report.findings.n;
	int r;

	f->steps = calloc(n + 1, sizeof(*f->steps));
	r = f->steps ? store_transact(f->o->store, plan_all, f, err) : sp_fail_nomem(err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		char at[AT_MAX];
		struct operation_step step = step_of(f, i, at);

		if (f->steps[i])
			r = operation_step(f->o, f->steps[i], &step, err);
	}
	return r;
}

/* In the transaction that ends the operation. */
static int tell_fixed(struct store *s, void *state, struct sp_err *err)
{
	const struct fix *f = state;

	(void)s;
	return fixed_tell(f->o, f->meant, &f->now, err);
}

static int read_meant(struct fix *f, struct sp_err *err)
{
	return f->meant ? 0 : fixed_meant(f->o, &f->meant, err);
}

/* What has become of it all. */
static int look_again(struct fix *f, struct sp_err *err)
{
	struct operation *o = f->o;
	int r = read_meant(f, err);

	drift_report_fini(&f->now);
	return r < 0 ? r
		     : drift_detect(o->control, o->store, o->row.stack, o->row.id, &f->now, err);
}

/* Repaired is what a look at the hosts says is repaired; a restart takes its time. */
static int verify(struct operation *o, void *state, struct sp_err *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int64_t end = sp_time_mono_ns() + SETTLE_NS;
	struct fix *f = state;

	for (;;) {
		const json_t *left;
		int r = look_again(f, err);

		if (r < 0)
			return r;
		left = fixed_first_left(f->meant, &f->now);
		if (!left)
			return f->resource || !is_missing_a_node(f) ? 0 : fail_unreachable(f, err);
		if (operation_stopping(o) || sp_time_mono_ns() > end)
			return sp_fail(err, SP_E_UNHEALTHY,
				       "'%s': %s is not as expected after its repair",
				       json_string_value(json_object_get(left, "resource")),
				       json_string_value(json_object_get(left, "field")));
		nanosleep(&pause, NULL);
	}
}

static int walk(struct fix *f, struct sp_err *err)
{
	struct operation *o = f->o;
	struct operation_step first = { .name = "detect",
					.resource = o->row.stack,
					.stage = SP_STAGE_PLAN,
					.fn = look,
					.state = f };
	struct operation_step last = { .name = "verify",
				       .resource = o->row.stack,
				       .stage = SP_STAGE_VERIFY,
				       .fn = verify,
				       .state = f };
	int r;

	operation_limit_by_policy(o);
	r = operation_step(o, 0, &first, err);
	if (r == 0 && f->report.findings.n)
		r = snapshot_step_by_policy(o, err);
	if (r == 0)
		r = repair_all(f, err);
	return r < 0 ? r : operation_step(o, 0, &last, err);
}

/* One that failed on its way may have put something right; what cannot be seen is not told. */
static bool is_seen(struct fix *f)
{
	struct sp_err why;

	if (f->now.json)
		return true;
	return read_meant(f, &why) == 0 && json_array_size(f->meant) && look_again(f, &why) == 0;
}

static void conclude(struct fix *f, int r, struct sp_err *err)
{
	bool seen = is_seen(f);

	if (!operation_stopping(f->o))
		operation_end(f->o, r < 0 ? STORE_OPERATION_FAILED : STORE_OPERATION_SUCCEEDED,
			      seen ? tell_fixed : NULL, f, err);
}

/* There is no way back from a repair, and none is needed: one that is cancelled just ends. */
void drift_fix_run(struct operation *o)
{
	autojson json_t *request = json_loads(o->row.request, 0, NULL);
	struct fix f = { .o = o,
			 .resource = json_string_value(json_object_get(request, "resource")) };
	struct sp_err err = { 0 };
	int r;

	if (o->row.attempt > RECOVERY_ATTEMPTS_MAX)
		r = sp_fail(&err, SP_E_INTERRUPTED, "operation '%s' was begun %lld times",
			    o->row.id, (long long)o->row.attempt);
	else
		r = walk(&f, &err);
	if (!operation_stopping(o))
		conclude(&f, r, &err);
	drift_report_fini(&f.report);
	drift_report_fini(&f.now);
	json_decref(f.meant);
	free(f.steps);
}

int drift_fix_request(const char *resource, char **ret, struct sp_err *err)
{
	autojson json_t *request = json_pack("{s:s*}", "resource", resource);

	*ret = request ? sp_json_canonical(request) : NULL;
	return *ret ? 0 : sp_fail_nomem(err);
}

int drift_fix_by_itself(struct control *c, struct store *s, const char *stack, struct sp_err *err)
{
	autofree char *request = NULL;
	struct store_operation_request q = { .kind = OPERATION_DRIFT_FIX,
					     .stack = stack,
					     .requested_by = "controld",
					     .lock = { .locked_by = "controld",
						       .reason = "policy auto_drift_fix",
						       .runner = c->runner,
						       .ttl_ns = c->config.lock_ttl_ns } };
	char id[STORE_NAME_MAX];
	int r = drift_fix_request(NULL, &request, err);

	q.request = request;
	if (r == 0)
		r = store_operation_begin(s, &q, id, err);
	return r < 0 ? r : workers_queue(c->workers, id, err);
}
