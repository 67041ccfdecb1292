/* The steps of a deploy in their order, and its end; see deploy.h. */
#include "control/deploy.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

static int finish(struct store *s, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	int r = store_stack_commit(s, d->o->row.stack, d->revision, err);

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
	int r = run_step(d, "place", SP_STAGE_PLACE, deploy_place, err);
	if (r == 0)
		r = deploy_plan_start(d, err);
	if (r == 0)
		r = deploy_pull(d, err);
	if (r == 0)
		r = deploy_remove(d, true, err);
	if (r == 0)
		r = deploy_start(d, err);
	if (r == 0)
		r = deploy_remove(d, false, err);
	if (r == 0)
		r = run_step(d, "finish", SP_STAGE_STORE, commit, err);
	return r;
}

static int walk(struct deploy *d, struct sp_err *err)
{
	int r = deploy_read_before(d, err);

	if (r == 0)
		r = run_step(d, "validate", SP_STAGE_VALIDATE, deploy_validate, err);
	if (r == 0)
		r = run_step(d, "plan", SP_STAGE_PLAN, deploy_compare, err);
	if (r < 0 || plan_is_empty(&d->plan))
		return r;
	return act(d, err);
}

/* Nothing was told to any agent: what was written for the new revision goes, the rest is as it was.
 */
static int forget(struct deploy *d, struct sp_err *err)
{
	enum store_stack_state state = STORE_STACK_FAILED;
	int r;

	if (!d->revision)
		return 0;
	if (sp_str_eq(d->stack.state, store_stack_state_name(STORE_STACK_RUNNING)))
		state = STORE_STACK_RUNNING;
	r = store_revision_drop(d->o->store, d->o->row.stack, d->revision, err);
	return r < 0 ? r
		     : store_stack_set_state(d->o->store, d->o->row.stack, state, d->o->row.id,
					     err);
}

static int set_stack(struct deploy *d, enum store_stack_state state, struct sp_err *err)
{
	return store_stack_set_state(d->o->store, d->o->row.stack, state, d->o->row.id, err);
}

/* The previous revision is the current one again; a stack that had none is left without. */
static int settle_reverted(struct deploy *d, struct sp_err *err)
{
	int r = store_stack_commit(d->o->store, d->o->row.stack, d->stack.revision, err);

	return r < 0 ? r
		     : set_stack(d, d->stack.revision ? STORE_STACK_RUNNING : STORE_STACK_FAILED,
				 err);
}

static bool keeps_failure(const struct deploy *d)
{
	return d->desired.bundle && sp_str_eq(d->desired.bundle->on_failure, "keep");
}

static enum store_operation_state undo(struct deploy *d, struct sp_err *err)
{
	if (!d->acted)
		return forget(d, err) < 0 ? STORE_OPERATION_REVERT_FAILED : STORE_OPERATION_FAILED;
	if (keeps_failure(d)) {
		set_stack(d, STORE_STACK_FAILED, err);
		return STORE_OPERATION_FAILED;
	}
	if (deploy_revert(d, err) == 0 && settle_reverted(d, err) == 0)
		return STORE_OPERATION_REVERTED;
	set_stack(d, STORE_STACK_FAILED, err);
	return STORE_OPERATION_REVERT_FAILED;
}

/* A failure outside of any step, in the store or for want of memory. */
static void keep_failure(struct operation *o, const struct sp_err *err)
{
	if (o->failed)
		return;
	wire_failure_init(&o->failure, err, "controld");
	o->failed = true;
}

static void conclude(struct deploy *d, int r, struct sp_err *err)
{
	enum store_operation_state state = STORE_OPERATION_SUCCEEDED;
	struct operation *o = d->o;

	if (r < 0) {
		keep_failure(o, err);
		store_step_skip_pending(o->store, o->row.id, err);
		state = undo(d, err);
	}
	if (operation_stopping(o))
		return;
	if (store_operation_finish(o->store, o->row.id, state, r < 0 ? &o->failure : NULL, err) < 0)
		sp_log(SP_LOG_ERROR, "operation.finish", SP_STR("operation", o->row.id),
		       SP_ERR(err));
}

void deploy_fini(struct deploy *d)
{
	for (size_t i = 0; d->targets && i < d->desired.n; i++)
		json_decref(d->targets[i].spec);
	free(d->targets);
	free(d->pulls);
	free(d->removals);
	free(d->reasons);
	plan_fini(&d->plan);
	cluster_fini(&d->cluster);
	desired_fini(&d->desired);
	deploy_request_fini(&d->request);
	store_workloads_fini(&d->known);
}

void deploy_run(struct operation *o)
{
	struct deploy d = { .o = o };
	struct sp_err err = { 0 };
	int r = walk(&d, &err);

	if (!operation_stopping(o))
		conclude(&d, r, &err);
	deploy_fini(&d);
}
