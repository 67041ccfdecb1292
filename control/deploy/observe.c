/*
 * A plan compares what is written; this looks at what is. What the plan would keep, but its agent
 * has lost, or has given up, is told again. A node that does not answer is left alone.
 */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/deploy/deploy.h"
#include "control/node/statuses.h"

static const char *member(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static const json_t *find_status(const json_t *statuses, const struct store_workload *w)
{
	const json_t *one;
	size_t i;

	json_array_foreach (statuses, i, one) {
		if (!strcmp(member(one, "id"), w->id) && !strcmp(member(one, "node"), w->node))
			return one;
	}
	return NULL;
}

static bool is_down(const json_t *status)
{
	const json_t *code = json_object_get(json_object_get(status, "last_exit"), "code");
	const char *state = member(status, "state");

	if (!strcmp(state, "exited"))
		return json_integer_value(code) != 0;
	return !strcmp(state, "failed") || !strcmp(state, "stopped");
}

static void look_at(struct deploy *d, size_t i, const json_t *statuses)
{
	const struct store_workload *w = &d->known.list[d->plan.items[i].current];
	const json_t *status = find_status(statuses, w);

	if (!status) {
		plan_turn_to_update(&d->plan, i, "it is not on %s any more", w->node);
	} else if (is_down(status)) {
		plan_turn_to_update(&d->plan, i, "it is %s: %s", member(status, "state"),
				    member(status, "reason"));
		d->plan.items[i].revive = true;
	}
}

int deploy_observe(struct deploy *d, struct sp_err *err)
{
	autojson json_t *statuses = NULL, *away = NULL;
	int r;

	if (!d->plan.counts[PLAN_KEEP])
		return 0;
	r = statuses_read(d->o->control, d->o->store, d->o->row.stack, &statuses, &away, err);
	for (size_t i = 0; r == 0 && i < d->plan.n; i++)
		if (d->plan.items[i].action == PLAN_KEEP)
			look_at(d, i, statuses);
	return r;
}
