/* The end of a deploy: well, given up before anything was done, left as it is, or reverted. Each is
 * one transaction with the stack's own rows; see deploy.h. */
#include <string.h>

#include "base/str.h"
#include "control/deploy/deploy.h"
#include "control/deploy/revert.h"

static bool ran_before(const struct deploy *d)
{
	return sp_str_eq(d->stack.state, store_stack_state_name(STORE_STACK_RUNNING));
}

/* Every end here is one of a deploy that did not come to what it was asked for. */
static int set_stack(struct store *s, const struct deploy *d, enum store_stack_state state,
		     struct sp_err *err)
{
	return store_stack_fail(s, d->o->row.stack, state, d->o->row.id, err);
}

/* Nothing was told to any agent: what was written for the new revision goes, the rest is as it was.
 */
static int forget(struct store *s, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	int r;

	if (!d->revision)
		return store_stack_untouched(s, d->o->row.stack, d->o->row.id, err);
	r = store_revision_drop(s, d->o->row.stack, d->revision, err);
	return r < 0 ? r
		     : set_stack(s, d, ran_before(d) ? STORE_STACK_RUNNING : STORE_STACK_FAILED,
				 err);
}

static int leave(struct store *s, void *state, struct sp_err *err)
{
	return set_stack(s, state, STORE_STACK_FAILED, err);
}

/* The previous revision is the current one again; a stack that had none is left without. */
static int settle(struct store *s, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	int r = store_stack_commit(s, d->o->row.stack, d->stack.revision, err);

	return r < 0 ? r
		     : set_stack(s, d, d->stack.revision ? STORE_STACK_RUNNING : STORE_STACK_FAILED,
				 err);
}

/* What the request says of it goes over the stack's policy. A wish to cancel is one to revert. */
static bool keeps_failure(const struct deploy *d)
{
	const char *asked = d->desired.bundle ? d->desired.bundle->on_failure : NULL;

	if (!d->desired.stack || operation_is_cancelled(d->o))
		return false;
	return asked ? !strcmp(asked, "stop") : d->desired.stack->policy.on_failure == STACK_STOP;
}

static void revert(struct deploy *d, struct sp_err *err)
{
	if (revert_run(d->o, d->stack.revision, !ran_before(d), err) == 0)
		operation_end(d->o, STORE_OPERATION_REVERTED, settle, d, err);
	else if (!operation_stopping(d->o))
		operation_end(d->o, STORE_OPERATION_REVERT_FAILED, leave, d, err);
}

/* The way forward has failed, or so it seems: a commit whose answer got lost is a commit. */
static void give_up(struct deploy *d, struct sp_err *err)
{
	struct sp_err why;
	int needed = revert_is_needed(d->o, &why);

	operation_keep_failure(d->o, err);
	if (needed < 0 || deploy_read_committed(d, &why) < 0)
		d->o->lost = true;
	else if (deploy_is_committed(d))
		deploy_succeed(d, err);
	else if (!needed)
		operation_end(d->o, STORE_OPERATION_FAILED, forget, d, err);
	else if (keeps_failure(d)) {
		operation_warn(d->o, "on_failure",
			       "what was begun stays as it is: stop was asked for");
		operation_end(d->o, STORE_OPERATION_FAILED, leave, d, err);
	} else if (operation_turn(d->o, err) == 0)
		revert(d, err);
}

void deploy_end(struct deploy *d, int r, struct sp_err *err)
{
	if (d->o->row.direction == STORE_DIRECTION_REVERT)
		revert(d, err);
	else if (r < 0)
		give_up(d, err);
	else
		deploy_succeed(d, err);
}
