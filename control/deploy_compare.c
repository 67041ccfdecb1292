/*
 * The validate and plan steps: what is asked for, what there is, and what tells them apart; see
 * deploy.h. Nothing here writes, so a plan without a deploy is made by the same functions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "control/deploy_tasks.h"
#include "control/from_output.h"
#include "control/plan_pins.h"

int deploy_validate(struct operation *o, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	const char *service = NULL;
	const struct stack_service *s;
	int r = deploy_request_read(o->row.request, &d->request, err);

	if (r == 0)
		r = desired_read(d->request.bundle, &d->desired, err);
	if (r == 0)
		r = from_output_give_all(o->store, &d->desired, err);
	if (r < 0)
		return r;
	if (d->desired.stack->policy.timeout_ns)
		o->deadline_ns = sp_time_mono_ns() + d->desired.stack->policy.timeout_ns;
	r = d->revision ? deploy_adopt(d, err)
			: desired_pin(&d->desired, o->control->images, &service, err);
	if (r == 0)
		r = deploy_tasks_read(d, err);
	if (r == 0) {
		operation_say(o, "%zu services, %zu workloads", d->desired.stack->n_services,
			      d->desired.n);
		return 0;
	}
	if (!service)
		return r;
	s = stack_service_find(d->desired.stack, service);
	sp_err_prefix(err, "%s:%u: service '%s'", d->desired.bundle->file, s ? s->at.line : 0,
		      service);
	snprintf(o->at.resource, sizeof(o->at.resource), "%s", s ? s->image : "");
	snprintf(o->at.next, sizeof(o->at.next), "ctl image import ARCHIVE --name %s",
		 s ? s->image : "");
	return r;
}

struct sides {
	struct plan_workload *desired, *current;
	json_t **specs;
	size_t n_specs;
};

static void sides_fini(struct sides *s)
{
	for (size_t i = 0; i < s->n_specs; i++)
		json_decref(s->specs[i]);
	free(s->specs);
	free(s->desired);
	free(s->current);
}

static int fill_sides(const struct deploy *d, struct sides *s, struct sp_err *err)
{
	size_t n = d->desired.n, m = d->known.n;

	s->desired = calloc(n + 1, sizeof(*s->desired));
	s->current = calloc(m + 1, sizeof(*s->current));
	s->specs = calloc(n + m + 1, sizeof(*s->specs));
	if (!s->desired || !s->current || !s->specs)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		const struct desired_workload *w = &d->desired.list[i];
		int r = wire_workload_encode(w->spec, &s->specs[s->n_specs], err);

		if (r < 0)
			return r;
		s->desired[i] = (struct plan_workload){ .id = w->spec->id,
							.template = w->template,
							.spec = s->specs[s->n_specs++] };
	}
	for (size_t i = 0; i < m; i++) {
		const struct store_workload *w = &d->known.list[i];

		s->specs[s->n_specs] = json_loads(w->spec, 0, NULL);
		s->current[i] = (struct plan_workload){ .id = w->id,
							.template = w->template,
							.node = w->node,
							.spec = s->specs[s->n_specs++] };
	}
	return 0;
}

/* extra_hosts is no part of a workload's identity: an agent changes it without a restart. */
static bool same_extra_hosts(const json_t *old, const json_t *new)
{
	const json_t *was = json_object_get(old, "hosts"), *is = json_object_get(new, "hosts"),
		     *one;
	size_t i;

	json_array_foreach (is, i, one) {
		if (!json_equal(one, json_array_get(was, i)))
			return false;
	}
	return true;
}

/* What seems the same, but knows other names by extra_hosts. */
static void compare_hosts(struct deploy *d, const struct sides *s)
{
	for (size_t i = 0; i < d->plan.n; i++) {
		const struct plan_item *item = &d->plan.items[i];

		if (item->action == PLAN_KEEP && !same_extra_hosts(s->current[item->current].spec,
								   s->desired[item->desired].spec))
			plan_turn_to_update(&d->plan, i, "extra_hosts changed");
	}
}

int deploy_compare_rows(struct deploy *d, struct sp_err *err)
{
	struct sides sides = { 0 };
	struct plan_input in = { .n_desired = d->desired.n, .n_current = d->known.n };
	int r = fill_sides(d, &sides, err);

	in.desired = sides.desired;
	in.current = sides.current;
	in.distrust = *d->stack.state &&
		      strcmp(d->stack.state, store_stack_state_name(STORE_STACK_RUNNING)) != 0;
	if (r == 0)
		r = plan_make(&in, &d->plan, err);
	if (r == 0)
		compare_hosts(d, &sides);
	sides_fini(&sides);
	return r;
}

int deploy_compare(struct operation *o, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	int r = deploy_compare_rows(d, err);

	if (r == 0)
		r = plan_pins_check_sides(d, err);
	if (r == 0)
		r = deploy_observe(d, err);
	if (r == 0)
		plan_summary(&d->plan, o->message, sizeof(o->message));
	return r;
}
