/* Pinning a plan to what it was made against; see plan_pins.h. */
#include "control/deploy/plan_pins.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "control/deploy/tasks.h"

static int digest_of(const struct sp_buf *text, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	int r = sp_buf_check(text, err);

	return r < 0 ? r : sp_digest_of(text->data ? text->data : "", text->len, ret, err);
}

/* on_failure is a matter of the deploy, not of what is desired. */
static int put_bundle(struct sp_buf *text, const char *bundle, struct sp_err *err)
{
	autojson json_t *json = NULL;
	autofree char *rest = NULL;
	char digest[SP_DIGEST_MAX];
	int r;

	if (strstr(bundle, "\"on_failure\"")) {
		r = sp_json_parse(bundle, strlen(bundle), &json, err);
		if (r < 0)
			return r;
		json_object_del(json, "on_failure");
		rest = sp_json_canonical(json);
		if (!rest)
			return sp_fail_nomem(err);
	}
	bundle = rest ? rest : bundle;
	r = sp_digest_of(bundle, strlen(bundle), digest, err);
	if (rest)
		explicit_bzero(rest, strlen(rest));
	sp_buf_puts(text, digest);
	return r;
}

static int pin_desired(const struct deploy *d, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r = put_bundle(&text, d->request.bundle, err);

	for (size_t i = 0; i < d->desired.n; i++)
		sp_buf_printf(&text, "\n%s %s", d->desired.list[i].spec->id,
			      d->desired.list[i].template);
	for (size_t i = 0; i < d->n_tasks; i++)
		sp_buf_printf(&text, "\n%s %s", d->tasks[i].spec->id, d->tasks[i].template);
	return r < 0 ? r : digest_of(&text, ret, err);
}

static int pin_current(const struct deploy *d, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;

	sp_buf_printf(&text, "%" PRId64 " %s", d->stack.revision, d->stack.state);
	for (size_t i = 0; i < d->known.n; i++) {
		const struct store_workload *w = &d->known.list[i];

		sp_buf_printf(&text, "\n%s %" PRId64 " %s %s", w->id, w->revision, w->node,
			      w->template);
	}
	return digest_of(&text, ret, err);
}

static int pin_actions(const struct deploy *d, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;

	for (size_t i = 0; i < d->plan.n; i++) {
		const struct plan_item *item = &d->plan.items[i];
		const struct store_workload *old =
			item->current == PLAN_NONE ? NULL : &d->known.list[item->current];

		sp_buf_printf(&text, "%s %s %s %s\n", plan_action_name(item->action),
			      old ? old->id : d->desired.list[item->desired].spec->id,
			      old ? old->node : "",
			      item->desired == PLAN_NONE ? "" : d->targets[item->desired].node);
	}
	for (size_t i = 0; i < d->n_tasks && !deploy_is_settled(d); i++)
		sp_buf_printf(&text, "task %s %s\n", d->tasks[i].spec->id, d->tasks[i].node);
	return digest_of(&text, ret, err);
}

static int pin_sides(const struct deploy *d, struct plan_pins *ret, struct sp_err *err)
{
	int r;

	*ret = (struct plan_pins){ .serial = d->stack.revision };
	r = pin_desired(d, ret->desired, err);
	return r < 0 ? r : pin_current(d, ret->current, err);
}

int plan_pins_of(const struct deploy *d, struct plan_pins *ret, struct sp_err *err)
{
	int r = pin_sides(d, ret, err);

	return r < 0 ? r : pin_actions(d, ret->actions, err);
}

static void read_digest(struct sp_json_reader *r, const char *key, char ret[SP_DIGEST_MAX])
{
	const char *digest = sp_json_need_str(r, key);

	if (!r->error && !sp_digest_valid(digest))
		sp_json_refuse(r, key, "'%s' is no digest", digest);
	else if (!r->error)
		snprintf(ret, SP_DIGEST_MAX, "%s", digest);
}

int plan_pins_decode(json_t *plan, struct plan_pins *ret, struct sp_err *err)
{
	struct plan_pins p = { 0 };
	struct sp_json_reader reader, digests;

	sp_json_open(&reader, plan, "plan", err);
	p.serial = sp_json_need_int(&reader, "serial", 0, INT64_MAX);
	snprintf(p.stack, sizeof(p.stack), "%s", sp_json_str(&reader, "stack", ""));
	if (reader.error)
		return reader.error;
	sp_json_open(&digests, sp_json_object(&reader, "digests"), "plan.digests", err);
	read_digest(&digests, "desired", p.desired);
	read_digest(&digests, "current", p.current);
	read_digest(&digests, "actions", p.actions);
	if (reader.error || digests.error)
		return reader.error ? reader.error : digests.error;
	*ret = p;
	return 0;
}

static int stale(const struct deploy *d, struct sp_err *err, const char *why)
{
	int r = sp_fail(err, SP_E_CONFLICT, "the plan is stale: %s", why);

	sp_err_at(err, SP_STAGE_PLAN);
	snprintf(d->o->at.next, sizeof(d->o->at.next), "ctl plan FILE --out PLANFILE");
	return r;
}

static bool is_pinned(const struct deploy *d)
{
	return d->request.planned && !d->revision;
}

int plan_pins_check_sides(const struct deploy *d, struct sp_err *err)
{
	const struct plan_pins *wanted = &d->request.pins;
	struct plan_pins is;
	char text[160];
	int r = is_pinned(d) ? pin_sides(d, &is, err) : 0;

	if (r < 0 || !is_pinned(d))
		return r;
	if (*wanted->stack && strcmp(wanted->stack, d->o->row.stack) != 0) {
		snprintf(text, sizeof(text), "it is of stack '%.64s'", wanted->stack);
		return stale(d, err, text);
	}
	if (is.serial != wanted->serial) {
		snprintf(text, sizeof(text),
			 "planned against revision %" PRId64 ", the stack is at %" PRId64,
			 wanted->serial, is.serial);
		return stale(d, err, text);
	}
	if (strcmp(is.desired, wanted->desired) != 0)
		return stale(d, err,
			     "the stack file, or an image it names, is not the planned one");
	if (strcmp(is.current, wanted->current) != 0)
		return stale(d, err,
			     "what is placed of the stack has changed, though not its revision");
	return 0;
}

int plan_pins_check_actions(const struct deploy *d, struct sp_err *err)
{
	char actions[SP_DIGEST_MAX];
	int r = is_pinned(d) ? pin_actions(d, actions, err) : 0;

	if (r < 0 || !is_pinned(d))
		return r;
	if (strcmp(actions, d->request.pins.actions) != 0)
		return stale(d, err,
			     "the nodes, or what runs on them, changed: other actions are due");
	return 0;
}
