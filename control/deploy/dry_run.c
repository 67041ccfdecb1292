/* Planning without a deploy; see dry_run.h. */
#include "control/deploy/dry_run.h"

#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/deploy/deploy.h"
#include "control/deploy/plan_actions.h"
#include "control/deploy/tasks.h"
#include "control/node/agents_ask.h"
#include "control/stack/declared.h"
#include "control/stack/revision.h"
#include "control/stack/task_specs.h"
#include "control/stack/workload_diff.h"

#define FORMAT "stackpilot-plan/1"

static int look(struct deploy *d, struct sp_err *err)
{
	int r = deploy_validate(d->o, d, err);

	if (r < 0)
		return r;
	snprintf(d->o->row.stack, sizeof(d->o->row.stack), "%s", d->desired.stack->name);
	r = deploy_read_before(d, err);
	if (r == 0)
		r = deploy_compare(d->o, d, err);
	if (r == 0)
		r = deploy_choose_nodes(d, err);
	if (r == 0 && !deploy_is_settled(d))
		r = deploy_tasks_place(d, err);
	return r;
}

/* Only where something is to be started it matters what the nodes have. */
static int ask_images(struct deploy *d, json_t ***ret, struct sp_err *err)
{
	if (deploy_is_settled(d))
		return 0;
	return agents_ask(d->o->control, &d->cluster.rows, "/v1/images", ret, err);
}

static int put_head(const struct deploy *d, json_t *plan, struct sp_err *err)
{
	struct plan_pins pins;
	json_t *head;
	int r = plan_pins_of(d, &pins, err);

	if (r < 0)
		return r;
	head = json_pack("{s:s, s:s, s:I, s:{s:s, s:s, s:s}}", "format", FORMAT, "stack",
			 d->o->row.stack, "serial", (json_int_t)pins.serial, "digests", "desired",
			 pins.desired, "current", pins.current, "actions", pins.actions);
	if (!head || json_object_update(plan, head) < 0)
		r = sp_fail_nomem(err);
	json_decref(head);
	return r;
}

static const struct declared_kind tasks = { "tasks", task_specs };

static int put_said(const struct stack *was, const struct stack *is, const struct declared_kind *k,
		    const struct sensitive *sensitive, json_t *plan, struct sp_err *err)
{
	autojson json_t *before = json_array(), *after = json_array();
	struct workload_sides sides = { before, after, sensitive };
	json_t *list = NULL;
	int r = k->append(was, before, err);

	if (r == 0)
		r = k->append(is, after, err);
	if (r == 0)
		r = workload_diff(&sides, &list, err);
	if (r == 0 && json_object_set_new(plan, k->name, list) < 0)
		r = sp_fail_nomem(err);
	return r;
}

/* How it differs from what the revision that runs says: none of it is an action. A task runs anew
 * in each deploy, so that the actions do not tell of it either. */
static int put_differences(const struct stack *was, const struct stack *is, json_t *plan,
			   struct sp_err *err)
{
	autosensitive struct sensitive sensitive = { 0 };
	int r = sensitive_add_stack(&sensitive, SENSITIVE_BEFORE, was, err);

	if (r == 0)
		r = sensitive_add_stack(&sensitive, SENSITIVE_AFTER, is, err);
	if (r == 0)
		r = put_said(was, is, &tasks, &sensitive, plan, err);
	for (const struct declared_kind *k = declared_kinds; r == 0 && k->name; k++)
		r = put_said(was, is, k, &sensitive, plan, err);
	return r;
}

/* The file of the revision that runs; none where there is nothing to be told of. */
static int read_before(const struct deploy *d, struct revision *ret, struct sp_err *err)
{
	if (!d->stack.revision || deploy_is_settled(d))
		return 0;
	return revision_read(d->o->store, d->o->row.stack, d->stack.revision, ret, err);
}

static int draw(struct deploy *d, json_t **ret, struct sp_err *err)
{
	autorevision struct revision was = { 0 };
	autojson json_t *plan = NULL;
	json_t **images = NULL;
	int r = ask_images(d, &images, err);

	if (r == 0)
		r = read_before(d, &was, err);
	if (r == 0)
		r = plan_actions(d, images, was.stack, &plan, err);
	if (r == 0)
		r = put_head(d, plan, err);
	if (r == 0 && was.stack)
		r = put_differences(was.stack, d->desired.stack, plan, err);
	agents_replies_free(images, d->cluster.rows.n);
	if (r == 0)
		*ret = take_ptr(plan);
	return r;
}

int dry_run(struct control *c, struct store *s, const struct dry_run_request *q,
	    struct wire_failure *at, json_t **ret, struct sp_err *err)
{
	struct operation o = { .control = c, /* of no row: it is never begun */
			       .store = s,
			       .began_ns = sp_time_mono_ns() };
	struct deploy d = { .o = &o, .explain = true };
	int r;

	o.row.request = (char *)q->request;
	snprintf(o.row.stack, sizeof(o.row.stack), "%s", q->stack ? q->stack : "");
	r = look(&d, err);
	if (r == 0)
		r = draw(&d, ret, err);
	if (r < 0)
		*at = o.at;
	deploy_fini(&d);
	return r;
}
