/* The steps of a deploy in their order; see deploy.h. */
#include "control/deploy/deploy.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/deploy/tasks.h"
#include "control/deps/deps.h"
#include "control/operation/recovery.h"
#include "control/snapshot/step.h"
#include "control/store/snapshot.h"

static int finish(struct store *s, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	const char *file = d->desired.bundle->file;
	struct deps_refusal refusal = { 0 };
	int r = deps_allow_commit(s, d->desired.stack, file, &refusal, err);

	if (r < 0)
		deps_refusal_tell(&refusal, file, &d->o->at);
	if (r == 0)
		r = store_stack_commit(s, d->o->row.stack, d->revision, err);
	if (r == 0 && d->request.snapshot)
		r = store_snapshot_restored(s, d->o->row.stack, d->request.snapshot, d->o->row.id,
					    err);
	return r < 0 ? r
		     : store_stack_set_state(s, d->o->row.stack, STORE_STACK_RUNNING, d->o->row.id,
					     err);
}

static int commit(struct operation *o, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	int r = store_transact(o->store, finish, d, err);

	if (r == 0)
		operation_say(o, "revision %lld", (long long)d->revision);
	return r;
}

static int run_step(struct deploy *d, const char *name, enum sp_stage stage, operation_fn fn,
		    struct sp_err *err)
{
	struct operation_step step = {
		.name = name, .resource = d->o->row.stack, .stage = stage, .fn = fn, .state = d
	};

	return operation_step(d->o, 0, &step, err);
}

static int act(struct deploy *d, struct sp_err *err)
{
	int r = 0;

	if (d->stack.revision && d->desired.stack->policy.create_snapshot)
		r = snapshot_step(d->o, d->request.snapshot, err);
	if (r == 0)
		r = run_step(d, "place", SP_STAGE_PLACE, deploy_place, err);
	if (r == 0)
		r = deploy_plan_start(d, err);
	if (r == 0)
		r = deploy_pull(d, err);
	if (r == 0)
		r = deploy_remove(d, DEPLOY_REMOVE_TASKS, err);
	if (r == 0)
		r = deploy_tasks_run(d, STACK_BEFORE, err);
	if (r == 0)
		r = deploy_remove(d, DEPLOY_REMOVE_EARLY, err);
	if (r == 0)
		r = deploy_start(d, err);
	if (r == 0)
		r = deploy_tasks_run(d, STACK_AFTER, err);
	if (r == 0)
		r = deploy_remove(d, DEPLOY_REMOVE_LATE, err);
	if (r == 0)
		r = deploy_tasks_remove(d, err);
	if (r == 0)
		r = run_step(d, "finish", SP_STAGE_STORE, commit, err);
	return r;
}

static int walk(struct deploy *d, struct sp_err *err)
{
	int r = run_step(d, "validate", SP_STAGE_VALIDATE, deploy_validate, err);

	if (r == 0)
		r = run_step(d, "plan", SP_STAGE_PLAN, deploy_compare, err);
	if (r < 0 || deploy_is_settled(d))
		return r;
	return act(d, err);
}

static void free_specs(json_t **specs, size_t n)
{
	for (size_t i = 0; specs && i < n; i++)
		json_decref(specs[i]);
	free(specs);
}

void deploy_fini(struct deploy *d)
{
	free_specs(d->was, d->known.n);
	free_specs(d->is, d->desired.n);
	for (size_t i = 0; d->targets && i < d->desired.n; i++)
		json_decref(d->targets[i].spec);
	free(d->targets);
	free(d->pulls);
	free(d->removals);
	free(d->reasons);
	plan_fini(&d->plan);
	cluster_fini(&d->cluster);
	deploy_tasks_fini(d);
	desired_fini(&d->desired);
	deploy_request_fini(&d->request);
	store_workloads_fini(&d->known);
	store_workloads_fini(&d->placed);
}

/* An operation that kills its controld again and again must not go on for ever. */
static int check_attempts(const struct operation *o, struct sp_err *err)
{
	if (o->row.attempt <= RECOVERY_ATTEMPTS_MAX)
		return 0;
	return sp_fail(err, SP_E_INTERRUPTED, "operation '%s' was begun %lld times", o->row.id,
		       (long long)o->row.attempt);
}

void deploy_run(struct operation *o)
{
	struct deploy d = { .o = o };
	struct sp_err err = { 0 };
	int r = deploy_read_before(&d, &err);

	if (r < 0)
		o->lost = true;
	else if (o->row.direction == STORE_DIRECTION_FORWARD && !deploy_is_committed(&d))
		r = check_attempts(o, &err) < 0 ? -1 : walk(&d, &err);
	if (!operation_stopping(o))
		deploy_end(&d, r, &err);
	deploy_fini(&d);
}
