/*
 * The validate and plan steps: what is asked for, what there is, and what tells them apart; see
 * deploy.h. Nothing here writes, so a plan without a deploy is made by the same functions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control/deploy/plan_pins.h"
#include "control/deploy/tasks.h"
#include "control/stack/from_output.h"

int deploy_validate(struct operation *o, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	const char *service = NULL;
	const struct stack_service *s;
	int r = deploy_request_read(o->row.request, &d->request, err);

	if (r == 0)
		r = deploy_request_fetch(&d->request, o->store, o->row.stack, err);
	if (r == 0)
		r = desired_read(d->request.bundle, &d->desired, err);
	if (r == 0)
		r = from_output_give_all(o->store, &d->desired, err);
	if (r < 0)
		return r;
	operation_limit(o, d->desired.stack->policy.timeout_ns);
	r = d->revision ? deploy_adopt(d, err)
			: desired_pin_as(&d->desired, o->control->images, d->request.was, &service,
					 err);
	if (r == 0)
		r = deploy_tasks_read(d, err);
	if (r == 0) {
		operation_say(o, "%zu services, %zu workloads", d->desired.stack->n_services,
			      d->desired.n);
		return 0;
	}
	sp_err_at(err, SP_STAGE_VALIDATE); /* of a plan too */
	if (!service)
		return r;
	s = stack_service_find(d->desired.stack, service);
	sp_err_prefix(err, "%s:%u: service '%s'", d->desired.bundle->file, s ? s->image_at.line : 0,
		      service);
	snprintf(o->at.resource, sizeof(o->at.resource), "%s", s ? s->image : "");
	snprintf(o->at.next, sizeof(o->at.next), "ctl image import ARCHIVE --name %s",
		 s ? s->image : "");
	return r;
}

struct sides {
	struct plan_workload *desired, *current;
};

static void sides_fini(struct sides *s)
{
	free(s->desired);
	free(s->current);
}

static int fill_desired(struct deploy *d, struct plan_workload *side, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->desired.n; i++) {
		const struct desired_workload *w = &d->desired.list[i];

		r = wire_workload_encode(w->spec, &d->is[i], err);
		side[i] = (struct plan_workload){ .id = w->spec->id,
						  .template = w->template,
						  .spec = d->is[i] };
	}
	return r;
}

static void fill_current(struct deploy *d, struct plan_workload *side)
{
	for (size_t i = 0; i < d->known.n; i++) {
		const struct store_workload *w = &d->known.list[i];

		d->was[i] = json_loads(w->spec, 0, NULL);
		side[i] = (struct plan_workload){
			.id = w->id, .template = w->template, .node = w->node, .spec = d->was[i]
		};
	}
}

static int fill_sides(struct deploy *d, struct sides *s, struct sp_err *err)
{
	s->desired = calloc(d->desired.n + 1, sizeof(*s->desired));
	s->current = calloc(d->known.n + 1, sizeof(*s->current));
	d->is = calloc(d->desired.n + 1, sizeof(json_t *));
	d->was = calloc(d->known.n + 1, sizeof(json_t *));
	if (!s->desired || !s->current || !d->is || !d->was)
		return sp_fail_nomem(err);
	fill_current(d, s->current);
	return fill_desired(d, s->desired, err);
}

/* How many entries of /etc/hosts name the stack's own workloads: two for each with an address. */
static size_t names_before(const struct deploy *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->known.n; i++)
		n += json_object_get(d->was[i], "address") != NULL;
	return 2 * n;
}

/* extra_hosts come first, then the stack's own names. They are no part of a workload's identity: an
 * agent changes them without a restart. */
static bool same_extra_hosts(const json_t *old, const json_t *new, size_t names)
{
	const json_t *was = json_object_get(old, "hosts"), *is = json_object_get(new, "hosts");
	const json_t *one;
	size_t i;

	if (json_array_size(was) != json_array_size(is) + names)
		return false;
	json_array_foreach (is, i, one) {
		if (!json_equal(one, json_array_get(was, i)))
			return false;
	}
	return true;
}

/* What seems the same, but knows other names by extra_hosts. */
static void compare_hosts(struct deploy *d)
{
	size_t names = names_before(d);

	for (size_t i = 0; i < d->plan.n; i++) {
		const struct plan_item *item = &d->plan.items[i];

		if (item->action == PLAN_KEEP &&
		    !same_extra_hosts(d->was[item->current], d->is[item->desired], names))
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
		compare_hosts(d);
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

static bool is_same_file(const struct deploy *d)
{
	char digest[SP_DIGEST_MAX];

	return sp_digest_of(d->request.bundle, strlen(d->request.bundle), digest, NULL) == 0 &&
	       !strcmp(digest, d->stack.digest);
}

bool deploy_is_settled(const struct deploy *d)
{
	return plan_is_empty(&d->plan) && is_same_file(d);
}
