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
#include "base/str.h"
#include "base/time.h"
#include "control/drift/detect.h"
#include "control/drift/repair.h"
#include "control/operation/operation.h"
#include "control/operation/recovery.h"
#include "control/operation/worker.h"
#include "control/snapshot/step.h"
#include "control/stack/limit.h"
#include "control/store/drift.h"

#define SETTLE_NS (20 * SP_NS_PER_S) /* for repairs to show */
#define PAUSE_NS  (200 * SP_NS_PER_MS)

struct fix {
	struct operation *o;
	const char *resource; /* what is meant */
	struct drift_report report;
	bool verified; /* what was repaired is as expected */
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

static int repair_all(struct fix *f, struct sp_err *err)
{
	const struct drift_findings *all = &f->report.findings;
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->n; i++) {
		autofree char *resource =
			sp_str_format("%s/%s", all->list[i].resource, all->list[i].field);
		struct operation_step step = { .name = "repair",
					       .node = all->list[i].node,
					       .resource = resource,
					       .stage = SP_STAGE_START,
					       .fn = drift_repair,
					       .state = &all->list[i] };

		if (is_done_already(all, i))
			continue;
		r = resource ? operation_step(f->o, 0, &step, err) : sp_fail_nomem(err);
	}
	return r;
}

static bool is_still_there(const struct drift_findings *now, const struct drift_finding *one)
{
	for (size_t i = 0; i < now->n; i++)
		if (!strcmp(now->list[i].resource, one->resource) &&
		    !strcmp(now->list[i].field, one->field) &&
		    !strcmp(now->list[i].node, one->node))
			return true;
	return false;
}

static const struct drift_finding *first_left(const struct fix *f, const struct drift_findings *now)
{
	for (size_t i = 0; i < f->report.findings.n; i++)
		if (is_still_there(now, &f->report.findings.list[i]))
			return &f->report.findings.list[i];
	return NULL;
}

/* In the transaction that ends the operation. */
static int tell_fixed(struct store *s, void *state, struct sp_err *err)
{
	const struct fix *f = state;
	const struct operation *o = f->o;
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->report.findings.n; i++) {
		autojson json_t *one =
			drift_finding_json(&f->report.findings.list[i], o->row.stack);

		r = one ? store_drift_fixed(s, o->row.stack, o->row.id, one, err)
			: sp_fail_nomem(err);
	}
	return r;
}

/* Repaired is what a look at the hosts says is repaired; a restart takes its time. */
static int verify(struct operation *o, void *state, struct sp_err *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int64_t end = sp_time_mono_ns() + SETTLE_NS;
	struct fix *f = state;

	for (;;) {
		struct drift_report now = { 0 };
		const struct drift_finding *left;
		int r = drift_detect(o->control, o->store, o->row.stack, o->row.id, &now, err);

		if (r < 0)
			return r;
		left = first_left(f, &now.findings);
		drift_report_fini(&now);
		f->verified = !left;
		if (!left)
			return f->resource || !is_missing_a_node(f) ? 0 : fail_unreachable(f, err);
		if (operation_stopping(o) || sp_time_mono_ns() > end)
			return sp_fail(err, SP_E_UNHEALTHY,
				       "'%s': %s is not as expected after its "
				       "repair",
				       left->resource, left->field);
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
	if (!operation_stopping(o) && r < 0)
		operation_end(o, STORE_OPERATION_FAILED, f.verified ? tell_fixed : NULL, &f, &err);
	else if (!operation_stopping(o))
		operation_end(o, STORE_OPERATION_SUCCEEDED, tell_fixed, &f, &err);
	drift_report_fini(&f.report);
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
