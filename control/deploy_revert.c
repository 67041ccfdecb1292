/*
 * Reverting a deploy that failed; see deploy.h. The whole stack goes back to the revision that ran
 * before: what was touched gets its old spec again, what was new is removed. Volumes stay.
 */
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "control/deploy.h"
#include "control/gate.h"

#define REMOVE_TIMEOUT_NS (300 * SP_NS_PER_S)

struct undo {
	const char *id, *node;
	const struct store_workload *old; /* NULL: there was none */
};

/* The workload of that id as it was in the revision that ran. */
static const struct store_workload *previous(const struct deploy *d, const char *id)
{
	for (size_t i = 0; i < d->known.n; i++)
		if (d->known.list[i].revision == d->stack.revision &&
		    !strcmp(d->known.list[i].id, id))
			return &d->known.list[i];
	return NULL;
}

static int put_back(struct operation *o, void *state, struct sp_err *err)
{
	const struct undo *u = state;
	struct agent_right right = operation_right(o);
	autojson json_t *spec = json_loads(u->old->spec, 0, NULL);
	struct agent *a = NULL;
	int r = operation_agent(o, u->old->node, &a, err);

	if (r == 0)
		r = operation_agent_failed(
			o, a, agent_put_workload(a, &right, u->old->id, spec, NULL, err), err);
	if (r == 0)
		r = gate_wait(o, u->old->node, u->old->id,
			      u->old->gate == STORE_GATE_COMPLETED ? GATE_COMPLETED : GATE_READY,
			      err);
	if (r == 0)
		operation_say(o, "back to revision %lld", (long long)u->old->revision);
	return r;
}

static int take_away(struct operation *o, void *state, struct sp_err *err)
{
	const struct undo *u = state;
	struct agent_right right = operation_right(o);
	struct agent *a = NULL;
	int r = operation_agent(o, u->node, &a, err);

	if (r == 0)
		r = operation_agent_failed(
			o, a, agent_remove_workload(a, &right, u->id, REMOVE_TIMEOUT_NS, err), err);
	if (r == 0)
		operation_say(o, "removed; volumes stay");
	return r;
}

static int undo_one(struct deploy *d, struct undo u, bool away, struct sp_err *err)
{
	struct operation_step step = { .name = "revert",
				       .node = away ? u.node : u.old->node,
				       .resource = u.id,
				       .stage = SP_STAGE_START,
				       .fn = away ? take_away : put_back,
				       .state = &u };

	return operation_step(d->o, 0, &step, err);
}

static bool was_started(const struct deploy *d, const char *id)
{
	for (size_t i = 0; i < d->desired.n; i++)
		if (d->targets[i].started && !strcmp(d->desired.list[i].spec->id, id))
			return true;
	return false;
}

static bool was_removed(const struct deploy *d, const struct store_workload *old)
{
	for (size_t i = 0; i < d->n_removals; i++)
		if (d->removals[i].done && d->removals[i].old == old)
			return true;
	return false;
}

/* Newest first: what depends on others goes before them. An error is kept, the rest goes on. */
static int take_new_away(struct deploy *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = d->desired.n; i > 0; i--) {
		const char *id = d->desired.list[i - 1].spec->id;
		const struct store_workload *old = previous(d, id);
		struct undo u = { id, d->targets[i - 1].node, old };

		if (!d->targets[i - 1].started || (old && !strcmp(old->node, u.node)))
			continue;
		if (undo_one(d, u, true, err) < 0)
			r = -1;
	}
	return r;
}

static int put_old_back(struct deploy *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; i < d->known.n; i++) {
		const struct store_workload *old = &d->known.list[i];

		if (old->revision != d->stack.revision ||
		    (!was_started(d, old->id) && !was_removed(d, old)))
			continue;
		if (undo_one(d, (struct undo){ old->id, old->node, old }, false, err) < 0)
			r = -1;
	}
	return r;
}

int deploy_revert(struct deploy *d, struct sp_err *err)
{
	int away = take_new_away(d, err);
	int back = operation_stopping(d->o) ? -1 : put_old_back(d, err);

	return away < 0 || back < 0 ? -1 : 0;
}
