/* The steps of a deploy in their order, and its end; see deploy.h. */
#include "control/deploy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

static int validate(struct operation *o, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	const char *service = NULL;
	const struct stack_service *s;
	int r = desired_read(o->row.request, &d->desired, err);

	if (r < 0)
		return r;
	r = desired_pin(&d->desired, o->control->images, &service, err);
	if (r == 0) {
		operation_say(o, "%zu services, %zu workloads", d->desired.stack->n_services,
			      d->desired.n);
		return 0;
	}
	s = stack_service_find(d->desired.stack, service);
	sp_err_prefix(err, "%s:%u: service '%s'", d->desired.bundle->file, s ? s->at.line : 0,
		      service);
	snprintf(o->at.resource, sizeof(o->at.resource), "%s", s ? s->image : "");
	snprintf(o->at.next, sizeof(o->at.next), "ctl image import ARCHIVE --reference %s",
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

static int compare(struct operation *o, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	struct sides sides = { 0 };
	struct plan_input in = { .n_desired = d->desired.n, .n_current = d->known.n };
	int r = fill_sides(d, &sides, err);

	in.desired = sides.desired;
	in.current = sides.current;
	in.distrust = *d->stack.state &&
		      strcmp(d->stack.state, store_stack_state_name(STORE_STACK_RUNNING)) != 0;
	if (r == 0)
		r = plan_make(&in, &d->plan, err);
	sides_fini(&sides);
	if (r == 0)
		r = deploy_observe(d, err);
	if (r == 0)
		plan_summary(&d->plan, o->message, sizeof(o->message));
	return r;
}

static int finish(struct store *s, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	int r = store_stack_commit(s, d->o->row.stack, d->revision, err);

	return r < 0 ? r
		     : store_stack_set_state(s, d->o->row.stack, STORE_STACK_RUNNING, d->o->row.id,
					     err);
}

static int commit(struct operation *o, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	int r = store_transact(o->store, finish, d, err);

	if (r == 0)
		operation_say(o, "revision %lld", (long long)d->revision);
	return r;
}

static int run_step(struct deploy *d, const char *name, enum sp_stage stage, operation_fn fn,
		    struct sp_err *err)
{
	struct operation_step step = {
		.name = name, .resource = d->o->row.stack, .stage = stage, .fn = fn, .state = d
	};

	return operation_step(d->o, 0, &step, err);
}

/* What the store knows of the stack before this deploy. */
static int read_before(struct deploy *d, struct sp_err *err)
{
	struct sp_err why = { 0 };
	int r = store_stack_get(d->o->store, d->o->row.stack, &d->stack, &why);

	if (r < 0 && r != -ENOENT) {
		*err = why;
		return r;
	}
	return store_workload_list(d->o->store, d->o->row.stack, 0, &d->known, err);
}

static int act(struct deploy *d, struct sp_err *err)
{
	int r;

	d->targets = calloc(d->desired.n + 1, sizeof(*d->targets));
	if (!d->targets)
		return sp_fail_nomem(err);
	r = run_step(d, "place", SP_STAGE_PLACE, deploy_place, err);
	if (r == 0)
		r = deploy_plan_start(d, err);
	if (r == 0)
		r = deploy_pull(d, err);
	if (r == 0)
		r = deploy_remove(d, true, err);
	if (r == 0)
		r = deploy_start(d, err);
	if (r == 0)
		r = deploy_remove(d, false, err);
	if (r == 0)
		r = run_step(d, "finish", SP_STAGE_STORE, commit, err);
	return r;
}

static int walk(struct deploy *d, struct sp_err *err)
{
	int r = read_before(d, err);

	if (r == 0)
		r = run_step(d, "validate", SP_STAGE_VALIDATE, validate, err);
	if (r == 0)
		r = run_step(d, "plan", SP_STAGE_PLAN, compare, err);
	if (r < 0 || plan_is_empty(&d->plan))
		return r;
	return act(d, err);
}

/* Nothing was told to any agent: what was written for the new revision goes, the rest is as it was.
 */
static int forget(struct deploy *d, struct sp_err *err)
{
	enum store_stack_state state = STORE_STACK_FAILED;
	int r;

	if (!d->revision)
		return 0;
	if (sp_str_eq(d->stack.state, store_stack_state_name(STORE_STACK_RUNNING)))
		state = STORE_STACK_RUNNING;
	r = store_revision_drop(d->o->store, d->o->row.stack, d->revision, err);
	return r < 0 ? r
		     : store_stack_set_state(d->o->store, d->o->row.stack, state, d->o->row.id,
					     err);
}

static int set_stack(struct deploy *d, enum store_stack_state state, struct sp_err *err)
{
	return store_stack_set_state(d->o->store, d->o->row.stack, state, d->o->row.id, err);
}

/* The previous revision is the current one again; a stack that had none is left without. */
static int settle_reverted(struct deploy *d, struct sp_err *err)
{
	int r = store_stack_commit(d->o->store, d->o->row.stack, d->stack.revision, err);

	return r < 0 ? r
		     : set_stack(d, d->stack.revision ? STORE_STACK_RUNNING : STORE_STACK_FAILED,
				 err);
}

static bool keeps_failure(const struct deploy *d)
{
	return d->desired.bundle && sp_str_eq(d->desired.bundle->on_failure, "keep");
}

static enum store_operation_state undo(struct deploy *d, struct sp_err *err)
{
	if (!d->acted)
		return forget(d, err) < 0 ? STORE_OPERATION_REVERT_FAILED : STORE_OPERATION_FAILED;
	if (keeps_failure(d)) {
		set_stack(d, STORE_STACK_FAILED, err);
		return STORE_OPERATION_FAILED;
	}
	if (deploy_revert(d, err) == 0 && settle_reverted(d, err) == 0)
		return STORE_OPERATION_REVERTED;
	set_stack(d, STORE_STACK_FAILED, err);
	return STORE_OPERATION_REVERT_FAILED;
}

/* A failure outside of any step, in the store or for want of memory. */
static void keep_failure(struct operation *o, const struct sp_err *err)
{
	if (o->failed)
		return;
	wire_failure_init(&o->failure, err, "controld");
	o->failed = true;
}

static void conclude(struct deploy *d, int r, struct sp_err *err)
{
	enum store_operation_state state = STORE_OPERATION_SUCCEEDED;
	struct operation *o = d->o;

	if (r < 0) {
		keep_failure(o, err);
		store_step_skip_pending(o->store, o->row.id, err);
		state = undo(d, err);
	}
	if (operation_stopping(o))
		return;
	if (store_operation_finish(o->store, o->row.id, state, r < 0 ? &o->failure : NULL, err) < 0)
		sp_log(SP_LOG_ERROR, "operation.finish", SP_STR("operation", o->row.id),
		       SP_ERR(err));
}

static void deploy_fini(struct deploy *d)
{
	for (size_t i = 0; d->targets && i < d->desired.n; i++)
		json_decref(d->targets[i].spec);
	free(d->targets);
	free(d->pulls);
	free(d->removals);
	plan_fini(&d->plan);
	cluster_fini(&d->cluster);
	desired_fini(&d->desired);
	store_workloads_fini(&d->known);
}

void deploy_run(struct operation *o)
{
	struct deploy d = { .o = o };
	struct sp_err err = { 0 };
	int r = walk(&d, &err);

	if (!operation_stopping(o))
		conclude(&d, r, &err);
	deploy_fini(&d);
}
