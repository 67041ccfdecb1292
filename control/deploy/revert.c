/* Going back; see revert.h. */
#include "control/deploy/revert.h"

#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "control/operation/gate.h"
#include "control/store/stack.h"

#define REMOVE_TIMEOUT_NS (300 * SP_NS_PER_S)

struct revert {
	struct operation *o;
	int64_t revision;
	bool all;
	struct store_workloads rows; /* of all revisions */
	struct store_steps steps;
};

static int put_back(struct operation *o, void *state, struct sp_err *err)
{
	const struct store_workload *old = state;
	struct agent_right right = operation_right(o);
	autojson json_t *spec = json_loads(old->spec, 0, NULL);
	struct agent *a = NULL;
	int r = operation_agent(o, old->node, &a, err);

	if (r == 0)
		r = operation_agent_failed(
			o, a, agent_put_workload(a, &right, old->id, spec, NULL, err), err);
	if (r == 0)
		r = gate_wait(o, old->node, old->id,
			      old->gate == STORE_GATE_COMPLETED ? GATE_COMPLETED : GATE_READY, err);
	if (r == 0)
		operation_say(o, "back to revision %lld", (long long)old->revision);
	return r;
}

static int take_away(struct operation *o, void *state, struct sp_err *err)
{
	const struct store_workload *new = state;
	struct agent_right right = operation_right(o);
	struct agent *a = NULL;
	int r = operation_agent(o, new->node, &a, err);

	if (r == 0)
		r = operation_agent_failed(
			o, a, agent_remove_workload(a, &right, new->id, REMOVE_TIMEOUT_NS, err),
			err);
	if (r == 0)
		operation_say(o, "removed; volumes stay");
	return r;
}

static int undo(struct revert *v, struct store_workload *w, operation_fn fn, struct sp_err *err)
{
	struct operation_step step = { .name = "revert",
				       .node = w->node,
				       .resource = w->id,
				       .stage = SP_STAGE_START,
				       .fn = fn,
				       .state = w };

	return operation_step(v->o, 0, &step, err);
}

/* An intent that was journalled may have been acted on. */
static bool is_act(const struct store_step_row *step)
{
	return step->state != STORE_STEP_PENDING && step->state != STORE_STEP_SKIPPED &&
	       (!strcmp(step->name, "start") || !strcmp(step->name, "remove") ||
		!strcmp(step->name, "task"));
}

static bool was_touched(const struct revert *v, const struct store_workload *w)
{
	for (size_t i = 0; i < v->steps.n; i++)
		if (is_act(&v->steps.list[i]) && !strcmp(v->steps.list[i].resource, w->id))
			return true;
	return v->all;
}

/* The workload of that id as it was in the revision that ran. */
static const struct store_workload *previous(const struct revert *v, const char *id)
{
	for (size_t i = 0; i < v->rows.n; i++)
		if (v->rows.list[i].revision == v->revision && !strcmp(v->rows.list[i].id, id))
			return &v->rows.list[i];
	return NULL;
}

/* Newest first: what depends on others goes before them. An error is kept, the rest goes on. */
static int take_new_away(struct revert *v, struct sp_err *err)
{
	int r = 0;

	for (size_t i = v->rows.n; i > 0; i--) {
		struct store_workload *w = &v->rows.list[i - 1];
		const struct store_workload *old = previous(v, w->id);

		if (w->revision == v->revision || (old && !strcmp(old->node, w->node)) ||
		    !was_touched(v, w))
			continue;
		if (undo(v, w, take_away, err) < 0)
			r = -1;
	}
	return r;
}

static int put_old_back(struct revert *v, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; i < v->rows.n; i++) {
		struct store_workload *w = &v->rows.list[i];

		if (w->revision == v->revision && w->gate != STORE_GATE_TASK && was_touched(v, w) &&
		    undo(v, w, put_back, err) < 0)
			r = -1;
	}
	return r;
}

int revert_is_needed(struct operation *o, struct sp_err *err)
{
	autosteps struct store_steps steps = { 0 };
	int r = store_step_list(o->store, o->row.id, &steps, err);

	for (size_t i = 0; r == 0 && i < steps.n; i++)
		if (is_act(&steps.list[i]))
			r = 1;
	return r;
}

static int go_back(struct revert *v, struct sp_err *err)
{
	int away = take_new_away(v, err);
	int back = operation_stopping(v->o) ? -1 : put_old_back(v, err);

	return away < 0 || back < 0 ? -1 : 0;
}

int revert_run(struct operation *o, int64_t revision, bool all, struct sp_err *err)
{
	struct revert v = { .o = o, .revision = revision, .all = all };
	int r = store_workload_list(o->store, o->row.stack, 0, &v.rows, err);

	if (r == 0)
		r = store_step_list(o->store, o->row.id, &v.steps, err);
	if (r == 0)
		r = go_back(&v, err);
	store_steps_fini(&v.steps);
	store_workloads_fini(&v.rows);
	return r;
}
