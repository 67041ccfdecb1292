/*
 * Destroying a stack: its workloads in reverse start order, then its volumes if asked, then its
 * rows. Whether others require it is asked in the transaction that makes it `destroying`: from then
 * on no deploy that requires it comes to its end.
 */
#include "control/deploy/destroy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/deploy/revert.h"
#include "control/deps/deps.h"
#include "control/operation/operation.h"
#include "control/operation/recovery.h"
#include "control/snapshot/step.h"
#include "control/stack/limit.h"
#include "control/store/node.h"
#include "control/store/stack.h"

#define REMOVE_TIMEOUT_NS (300 * SP_NS_PER_S)

struct destroy {
	struct operation *o;
	struct store_stack stack; /* as it was before */
	bool gone;                /* a former attempt came to the end */
	struct store_workloads known;
	struct store_nodes nodes;
	int *steps; /* numbers, in the order of known */
	bool volumes, force;
	bool begun; /* it is `destroying`, by this attempt or a former one */
};

struct act {
	const char *node, *id;
};

static int remove_workload(struct operation *o, void *state, struct sp_err *err)
{
	const struct act *act = state;
	struct agent_right right = operation_right(o);
	struct agent *a = NULL;
	int r = operation_agent(o, act->node, &a, err);

	if (r == 0)
		r = operation_agent_failed(
			o, a,
			agent_remove_workload(a, &right, act->id,
					      operation_bound(o, REMOVE_TIMEOUT_NS), err),
			err);
	return r;
}

static int remove_volumes(struct operation *o, void *state, struct sp_err *err)
{
	const struct act *act = state;
	struct agent_right right = operation_right(o);
	struct agent *a = NULL;
	int r = operation_agent(o, act->node, &a, err);

	if (r == 0)
		r = operation_agent_failed(o, a, agent_remove_volumes(a, &right, o->row.stack, err),
					   err);
	return r;
}

static struct operation_step step_of(struct act *act, operation_fn fn)
{
	return (struct operation_step){ .name = act->id ? "remove" : "volumes",
					.node = act->node,
					.resource = act->id,
					.stage = SP_STAGE_START,
					.fn = fn,
					.state = act };
}

static int plan_all(struct store *s, void *state, struct sp_err *err)
{
	struct destroy *d = state;
	int r = d->begun || d->force ? 0 : deps_allow_destroy(s, d->o->row.stack, err);

	if (r == 0)
		r = store_operation_set_revision(s, d->o->row.id, 0, d->stack.state, err);
	if (r == 0)
		r = store_stack_set_state(s, d->o->row.stack, STORE_STACK_DESTROYING, d->o->row.id,
					  err);

	for (size_t i = d->known.n; r == 0 && i > 0; i--) {
		struct act act = { d->known.list[i - 1].node, d->known.list[i - 1].id };
		struct operation_step step = step_of(&act, remove_workload);

		r = operation_plan(d->o, &step, &d->steps[i - 1], err);
	}
	return r;
}

static int remove_all(struct destroy *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = d->known.n; r == 0 && i > 0; i--) {
		struct act act = { d->known.list[i - 1].node, d->known.list[i - 1].id };
		struct operation_step step = step_of(&act, remove_workload);

		r = operation_step(d->o, d->steps[i - 1], &step, err);
	}
	return r;
}

/* A volume may be on a node where nothing of the stack runs any more, so all nodes are asked. */
static int remove_all_volumes(struct destroy *d, struct sp_err *err)
{
	int r = operation_check(d->o, err);

	d->o->past_return = r == 0;
	for (size_t i = 0; r == 0 && i < d->nodes.n; i++) {
		struct act act = { .node = d->nodes.list[i].name };
		struct operation_step step = step_of(&act, remove_volumes);

		r = operation_step(d->o, 0, &step, err);
	}
	return r;
}

static int forget_rows(struct store *s, void *state, struct sp_err *err)
{
	const struct operation *o = state;

	return store_stack_remove(s, o->row.stack, o->row.id, err);
}

static int forget(struct operation *o, void *state, struct sp_err *err)
{
	(void)state;
	return store_transact(o->store, forget_rows, o, err);
}

/* Volumes that are gone cannot be put back. */
static int read_journal(struct operation *o, struct sp_err *err)
{
	autosteps struct store_steps steps = { 0 };
	int r = store_step_list(o->store, o->row.id, &steps, err);

	for (size_t i = 0; i < steps.n; i++)
		if (!strcmp(steps.list[i].name, "volumes") &&
		    steps.list[i].state != STORE_STEP_SKIPPED)
			o->past_return = true;
	return r;
}

static int read_before(struct destroy *d, struct sp_err *err)
{
	struct operation *o = d->o;
	autojson json_t *request = json_loads(o->row.request, 0, NULL);
	struct sp_err why = { 0 };
	int r = store_stack_get(o->store, o->row.stack, &d->stack, &why);

	d->gone = r == -ENOENT;
	if (r < 0) {
		*err = why;
		return d->gone ? 0 : r;
	}
	d->begun = *o->row.stack_before != '\0';
	if (d->begun)
		snprintf(d->stack.state, sizeof(d->stack.state), "%s", o->row.stack_before);
	d->volumes = json_is_true(json_object_get(request, "volumes"));
	d->force = json_is_true(json_object_get(request, "force"));
	r = read_journal(o, err);
	if (r == 0)
		r = store_workload_list(o->store, o->row.stack, 0, &d->known, err);
	d->steps = calloc(d->known.n + 1, sizeof(*d->steps));
	if (r == 0 && !d->steps)
		r = sp_fail_nomem(err);
	return r < 0 ? r : store_node_list(o->store, &d->nodes, err);
}

/* One that was cut off is walked again: what is gone already is gone at once. */
static int walk(struct destroy *d, struct sp_err *err)
{
	struct operation *o = d->o;
	struct operation_step last = {
		.name = "finish", .resource = o->row.stack, .stage = SP_STAGE_STORE, .fn = forget
	};
	int r;

	if (o->row.attempt > RECOVERY_ATTEMPTS_MAX)
		return sp_fail(err, SP_E_INTERRUPTED, "operation '%s' was begun %lld times",
			       o->row.id, (long long)o->row.attempt);
	operation_limit_by_policy(o);
	r = snapshot_step_by_policy(o, err);
	if (r == 0)
		r = store_transact(o->store, plan_all, d, err);
	d->begun |= r == 0;
	if (r == 0)
		r = remove_all(d, err);
	if (r == 0 && d->volumes)
		r = remove_all_volumes(d, err);
	return r < 0 ? r : operation_step(o, 0, &last, err);
}

static int leave(struct store *s, void *state, struct sp_err *err)
{
	const struct operation *o = state;

	return store_stack_fail(s, o->row.stack, STORE_STACK_FAILED, o->row.id, err);
}

static int leave_untouched(struct store *s, void *state, struct sp_err *err)
{
	const struct operation *o = state;

	return store_stack_untouched(s, o->row.stack, o->row.id, err);
}

static int settle(struct store *s, void *state, struct sp_err *err)
{
	const struct destroy *d = state;
	const struct operation *o = d->o;
	int r = store_stack_commit(s, o->row.stack, d->stack.revision, err);

	return r < 0 ? r
		     : store_stack_fail(s, o->row.stack,
					d->stack.revision ? STORE_STACK_RUNNING
							  : STORE_STACK_FAILED,
					o->row.id, err);
}

/* It was cancelled: everything is put back. */
static void revert(struct destroy *d, struct sp_err *err)
{
	struct operation *o = d->o;
	bool all = !sp_str_eq(d->stack.state, store_stack_state_name(STORE_STACK_RUNNING));

	if (revert_run(o, d->stack.revision, all, err) == 0)
		operation_end(o, STORE_OPERATION_REVERTED, settle, d, err);
	else if (!operation_stopping(o))
		operation_end(o, STORE_OPERATION_REVERT_FAILED, leave, o, err);
}

static void conclude(struct destroy *d, int r, struct sp_err *err)
{
	struct operation *o = d->o;

	if (r == 0)
		operation_end(o, STORE_OPERATION_SUCCEEDED, NULL, NULL, err);
	else if (!operation_is_cancelled(o))
		operation_end(o, STORE_OPERATION_FAILED, d->begun ? leave : leave_untouched, o,
			      err);
	else if (operation_turn(o, err) == 0)
		revert(d, err);
}

void destroy_run(struct operation *o)
{
	struct destroy d = { .o = o };
	struct sp_err err = { 0 };
	int r = read_before(&d, &err);

	if (r < 0)
		o->lost = true;
	else if (!d.gone && o->row.direction == STORE_DIRECTION_FORWARD)
		r = walk(&d, &err);
	if (!operation_stopping(o) && o->row.direction == STORE_DIRECTION_REVERT)
		revert(&d, &err);
	else if (!operation_stopping(o))
		conclude(&d, r, &err);
	free(d.steps);
	store_nodes_fini(&d.nodes);
	store_workloads_fini(&d.known);
}

int destroy_request(bool volumes, bool force, char **ret, struct sp_err *err)
{
	autojson json_t *request = json_pack("{s:b, s:b}", "volumes", volumes, "force", force);

	*ret = request ? sp_json_canonical(request) : NULL;
	return *ret ? 0 : sp_fail_nomem(err);
}
