/*
 * Running tasks; see tasks.h. Each try is one step of the journal, from telling the agent to
 * the task's end. A try that was cut off goes on: the agent is told again what it knows already. A
 * further try begins with a container of its own: the one before is removed by a step of its own,
 * so that a container which is there after a try was cut off is always that try's.
 */
#include <string.h>

#include "base/time.h"
#include "control/deploy/task_state.h"
#include "control/deploy/tasks.h"
#include "control/operation/gate.h"

#define REMOVE_TIMEOUT_NS (300 * SP_NS_PER_S)

/* What the journal says of a task. */
struct history {
	uint32_t failed;
	bool done, cut_off;
};

static int read_history(struct operation *o, const struct deploy_task *t, struct history *ret,
			struct sp_err *err)
{
	autosteps struct store_steps steps = { 0 };
	int r = store_step_list(o->store, o->row.id, &steps, err);

	for (size_t i = 0; i < steps.n; i++) {
		const struct store_step_row *step = &steps.list[i];

		if (strcmp(step->name, "task") != 0 || strcmp(step->resource, t->spec->id) != 0)
			continue;
		ret->done |= step->state == STORE_STEP_DONE;
		ret->failed += step->state == STORE_STEP_FAILED;
		ret->cut_off = step->state == STORE_STEP_INTERRUPTED;
	}
	return r;
}

static int remove_container(struct operation *o, void *state, struct sp_err *err)
{
	const struct deploy_task *t = state;
	struct agent_right right = operation_right(o);
	struct agent *a = NULL;
	int r = operation_agent(o, t->node, &a, err);

	if (r == 0)
		r = operation_agent_failed(
			o, a, agent_remove_workload(a, &right, t->spec->id, REMOVE_TIMEOUT_NS, err),
			err);
	return r;
}

static int wait_for_end(struct operation *o, const struct deploy_task *t, struct sp_err *err)
{
	struct task_state state = { .task = t };
	const struct gate g = { .node = t->node,
				.id = t->spec->id,
				.condition = GATE_COMPLETED,
				.timeout_ns = t->task->timeout_ns,
				.look = task_state_look,
				.state = &state };
	int r = gate_pass(o, &g, err);

	task_state_fini(&state);
	return r;
}

static int run_try(struct operation *o, void *state, struct sp_err *err)
{
	const struct deploy_task *t = state;
	struct agent_right right = operation_right(o);
	struct agent *a = NULL;
	int r = operation_agent(o, t->node, &a, err);

	if (r < 0)
		return r;
	r = operation_agent_failed(
		o, a, agent_put_workload(a, &right, t->spec->id, t->json, NULL, err), err);
	return r < 0 ? r : wait_for_end(o, t, err);
}

static struct operation_step step_of(struct deploy_task *t, const char *name, operation_fn fn)
{
	return (struct operation_step){ .name = name,
					.node = t->node,
					.resource = t->spec->id,
					.stage = SP_STAGE_START,
					.fn = fn,
					.state = t };
}

static int remove_step(struct operation *o, struct deploy_task *t, struct sp_err *err)
{
	const struct operation_step step = step_of(t, "remove", remove_container);

	return operation_step(o, 0, &step, err);
}

/* A try, after so many that failed; again: in place of the container that the last one used. */
static int try_task(struct operation *o, struct deploy_task *t, uint32_t failed, bool again,
		    struct sp_err *err)
{
	struct operation_step step = step_of(t, "task", run_try);
	int r = again ? remove_step(o, t, err) : 0;

	step.attempt = failed + 1;
	step.attempts = t->task->retries + 1;
	return r < 0 ? r : operation_step(o, 0, &step, err);
}

/* A former attempt was cut off before it could say so. */
static int refuse(const struct deploy_task *t, const struct history *h, struct sp_err *err)
{
	sp_fail(err, SP_E_UNHEALTHY, "workload '%s': failed in each of its %u tries", t->spec->id,
		h->failed);
	sp_err_at(err, SP_STAGE_START);
	return sp_err_return(err);
}

static int run_task(struct deploy *d, struct deploy_task *t, struct sp_err *err)
{
	struct operation *o = d->o;
	struct history h = { 0 };
	int r = read_history(o, t, &h, err);

	if (r < 0 || h.done)
		return r;
	if (h.failed > t->task->retries)
		return refuse(t, &h, err);
	for (uint32_t tries = h.failed;; tries++) {
		r = try_task(o, t, tries, tries > 0 && !h.cut_off, err);
		if (r == 0 || tries >= t->task->retries || operation_check(o, NULL) < 0)
			return r;
		o->failed = h.cut_off = false; /* that is not the deploy's failure yet */
	}
}

int deploy_tasks_run(struct deploy *d, enum stack_task_when when, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n_tasks; i++)
		if (d->tasks[i].task->when == when)
			r = run_task(d, &d->tasks[i], err);
	return r;
}

int deploy_tasks_remove(struct deploy *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n_tasks; i++)
		r = remove_step(d->o, &d->tasks[i], err);
	return r;
}
