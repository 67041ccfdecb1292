/*
 * The start and ready steps; see deploy.h.
 *
 * Services come in start order. Before one starts, the gates of what it depends on are waited for;
 * what depends on nothing is all told at once and waited for at the end. A workload that replaces
 * its old self is waited for before the next one is touched, so a service never loses all replicas.
 */
#include <string.h>

#include "base/json.h"
#include "control/deploy/deploy.h"
#include "control/operation/gate.h"

struct act {
	struct deploy *d;
	size_t i;
};

static const char *id_of(const struct deploy *d, size_t i)
{
	return d->desired.list[i].spec->id;
}

static enum gate_condition final_gate(const struct deploy *d, size_t i)
{
	return d->desired.list[i].gate == STORE_GATE_COMPLETED ? GATE_COMPLETED : GATE_READY;
}

static int tell_agent(struct operation *o, void *state, struct sp_err *err)
{
	struct act *act = state;
	struct deploy *d = act->d;
	struct agent_right right = operation_right(o);
	struct agent *a = NULL;
	int r = operation_agent(o, d->targets[act->i].node, &a, err);

	if (r < 0)
		return r;
	d->targets[act->i].started = true;
	operation_say(o, "%s: %s", plan_action_name(d->plan.items[act->i].action),
		      d->plan.items[act->i].reason);
	r = agent_put_workload(a, &right, id_of(d, act->i), d->targets[act->i].spec, NULL, err);
	if (r == 0 && d->plan.items[act->i].revive)
		r = agent_command(a, &right, id_of(d, act->i), "restart", NULL, err);
	return operation_agent_failed(o, a, r, err);
}

static int wait_gate(struct operation *o, void *state, struct sp_err *err)
{
	struct act *act = state;

	return gate_wait(o, act->d->targets[act->i].node, id_of(act->d, act->i),
			 final_gate(act->d, act->i), err);
}

static struct operation_step start_step(struct act *act)
{
	return (struct operation_step){ .name = "start",
					.node = act->d->targets[act->i].node,
					.resource = id_of(act->d, act->i),
					.stage = SP_STAGE_START,
					.fn = tell_agent,
					.state = act };
}

static struct operation_step ready_step(struct act *act)
{
	bool job = final_gate(act->d, act->i) == GATE_COMPLETED;

	return (struct operation_step){ .name = job ? "complete" : "ready",
					.node = act->d->targets[act->i].node,
					.resource = id_of(act->d, act->i),
					.stage = SP_STAGE_PROBE,
					.fn = wait_gate,
					.state = act };
}

/* All that is to come, in one transaction, so that a reader sees what is not done yet. */
static int plan_all(struct store *s, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	int r = deploy_plan_pull(d, err);

	(void)s;
	for (size_t i = 0; r == 0 && i < d->desired.n; i++) {
		struct act act = { d, i };
		struct operation_step start = start_step(&act), ready = ready_step(&act);

		if (d->targets[i].put)
			r = operation_plan(d->o, &start, &d->targets[i].start, err);
		if (r == 0 && d->targets[i].gated)
			r = operation_plan(d->o, &ready, &d->targets[i].ready, err);
	}
	return r < 0 ? r : deploy_plan_remove(d, err);
}

int deploy_plan_start(struct deploy *d, struct sp_err *err)
{
	return store_transact(d->o->store, plan_all, d, err);
}

static int ensure_good(struct deploy *d, size_t i, struct sp_err *err)
{
	struct act act = { d, i };
	struct operation_step step = ready_step(&act);
	int r;

	if (d->targets[i].good)
		return 0;
	r = operation_step(d->o, d->targets[i].ready, &step, err);
	d->targets[i].good = r == 0;
	return r;
}

/* A dependency that need only have started gets no step of its own. */
static int ensure(struct deploy *d, size_t i, enum stack_condition condition, struct sp_err *err)
{
	if (condition != STACK_STARTED)
		return ensure_good(d, i, err);
	if (d->targets[i].good || !d->targets[i].started)
		return 0;
	return gate_wait(d->o, d->targets[i].node, id_of(d, i), GATE_STARTED, err);
}

static int ensure_dependencies(struct deploy *d, size_t i, struct sp_err *err)
{
	const struct stack_service *s = &d->desired.stack->services[d->desired.list[i].service];
	int r = 0;

	for (size_t k = 0; k < s->n_depends_on; k++) {
		const struct stack_dependency *dep = &s->depends_on[k];

		for (size_t j = 0; r == 0 && dep->required && j < d->desired.n; j++)
			if (d->desired.list[j].service == dep->service)
				r = ensure(d, j, dep->condition, err);
	}
	return r;
}

static int start_one(struct deploy *d, size_t i, struct sp_err *err)
{
	struct act act = { d, i };
	struct operation_step step = start_step(&act);
	int r = ensure_dependencies(d, i, err);

	if (r == 0)
		r = operation_step(d->o, d->targets[i].start, &step, err);
	if (r == 0 && d->plan.items[i].action == PLAN_UPDATE && d->targets[i].gated)
		r = ensure_good(d, i, err);
	return r;
}

int deploy_start(struct deploy *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->desired.n; i++)
		if (d->targets[i].put)
			r = start_one(d, i, err);
	for (size_t i = 0; r == 0 && i < d->desired.n; i++)
		if (d->targets[i].gated)
			r = ensure_good(d, i, err);
	return r;
}
