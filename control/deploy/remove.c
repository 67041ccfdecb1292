/* The remove steps: what is no longer desired, or has moved to another node; see deploy.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/deploy/deploy.h"

#define REMOVE_TIMEOUT_NS (300 * SP_NS_PER_S) /* over any reasonable stop_grace_period */

struct act {
	struct deploy *d;
	struct deploy_removal *removal;
};

static bool same_port(const json_t *a, const json_t *b)
{
	return json_equal(json_object_get(a, "host_port"), json_object_get(b, "host_port")) &&
	       sp_str_eq(json_string_value(json_object_get(a, "protocol")),
			 json_string_value(json_object_get(b, "protocol")));
}

bool deploy_share_port(const json_t *old, const json_t *new)
{
	json_t *a, *b;
	size_t i, j;

	json_array_foreach (json_object_get(old, "ports"), i, a) {
		json_array_foreach (json_object_get(new, "ports"), j, b) {
			if (same_port(a, b))
				return true;
		}
	}
	return false;
}

static bool in_the_way(const struct deploy *d, const struct store_workload *old)
{
	autojson json_t *spec = json_loads(old->spec, 0, NULL);

	for (size_t i = 0; i < d->desired.n; i++)
		if (d->targets[i].put && !strcmp(d->targets[i].node, old->node) &&
		    deploy_share_port(spec, d->targets[i].spec))
			return true;
	return false;
}

static const struct store_workload *what_goes(const struct deploy *d, size_t i)
{
	const struct plan_item *item = &d->plan.items[i];
	const struct store_workload *old =
		item->current == PLAN_NONE ? NULL : &d->known.list[item->current];

	if (item->action == PLAN_REMOVE)
		return old;
	if (item->action == PLAN_UPDATE && old && strcmp(old->node, d->targets[i].node) != 0)
		return old;
	return NULL;
}

static int check_reachable(struct deploy *d, const struct store_workload *old, struct sp_err *err)
{
	size_t at = cluster_find(&d->cluster, old->node);
	int r;

	if (at != PLACE_KEEP_NONE && d->cluster.nodes[at].ready)
		return 0;
	r = sp_fail(err, SP_E_UNREACHABLE,
		    "node '%s' is unreachable, and '%s' has to be removed from it", old->node,
		    old->id);
	sp_err_at(err, SP_STAGE_PLACE);
	return r;
}

static int remove_one(struct operation *o, void *state, struct sp_err *err)
{
	struct act *act = state;
	struct agent_right right = operation_right(o);
	struct agent *a = NULL;
	int r = operation_agent(o, act->removal->old->node, &a, err);

	if (r < 0)
		return r;
	r = agent_remove_workload(a, &right, act->removal->old->id,
				  operation_bound(o, REMOVE_TIMEOUT_NS), err);
	return operation_agent_failed(o, a, r, err);
}

static struct operation_step remove_step(struct act *act)
{
	return (struct operation_step){ .name = "remove",
					.node = act->removal->old->node,
					.resource = act->removal->old->id,
					.stage = SP_STAGE_START,
					.fn = remove_one,
					.state = act };
}

int deploy_plan_remove(struct deploy *d, struct sp_err *err)
{
	int r = 0;

	free(d->removals);
	d->n_removals = 0;
	d->removals = calloc(d->plan.n + 1, sizeof(*d->removals));
	if (!d->removals)
		return sp_fail_nomem(err);
	for (size_t i = 0; r == 0 && i < d->plan.n; i++) {
		struct deploy_removal *removal = &d->removals[d->n_removals];
		struct act act = { d, removal };
		struct operation_step step;

		removal->old = what_goes(d, i);
		if (!removal->old)
			continue;
		removal->when = removal->old->gate == STORE_GATE_TASK ? DEPLOY_REMOVE_TASKS
				: in_the_way(d, removal->old)         ? DEPLOY_REMOVE_EARLY
								      : DEPLOY_REMOVE_LATE;
		d->n_removals++;
		step = remove_step(&act);
		r = check_reachable(d, removal->old, err);
		if (r == 0)
			r = operation_plan(d->o, &step, &removal->step, err);
	}
	return r;
}

int deploy_remove(struct deploy *d, enum deploy_removal_time when, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n_removals; i++) {
		struct act act = { d, &d->removals[i] };
		struct operation_step step = remove_step(&act);

		if (d->removals[i].when == when)
			r = operation_step(d->o, d->removals[i].step, &step, err);
	}
	return r;
}
