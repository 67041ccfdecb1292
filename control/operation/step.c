/* A step: intent, act, result; see operation.h. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "control/operation/operation.h"

#define RETRY_PAUSE_NS (200 * SP_NS_PER_MS)

int operation_plan(struct operation *o, const struct operation_step *step, int *ret_number,
		   struct sp_err *err)
{
	struct store_step row = { .operation = o->row.id,
				  .name = step->name,
				  .node = step->node,
				  .resource = step->resource,
				  .subject = step->subject };

	return store_step_add(o->store, &row, ret_number, err);
}

static void fill(char *field, size_t room, const char *value)
{
	if (!*field && value)
		snprintf(field, room, "%s", value);
}

/* The act's own address, completed by the step's. */
static void address(struct operation *o, const struct operation_step *step,
		    const struct sp_err *err)
{
	struct wire_failure *f = &o->at;

	f->err = *err;
	sp_err_at(&f->err, step->stage);
	fill(f->component, sizeof(f->component), "controld");
	fill(f->node, sizeof(f->node), step->node);
	fill(f->resource, sizeof(f->resource), step->resource);
	fill(f->step, sizeof(f->step), step->name);
	if (step->attempts > 1) {
		f->attempt = step->attempt;
		f->attempts = step->attempts;
	}
	if (!*f->next)
		snprintf(f->next, sizeof(f->next), "ctl op show %s", o->row.id);
}

struct entry {
	struct operation *o;
	const struct operation_step *step;
	int planned; /* its number in the journal; 0: it is not there yet */
	int number;
	enum store_step_state state;
	const char *message;
	const struct wire_failure *failure;
};

static int write_entry(struct store *s, void *state, struct sp_err *err)
{
	struct entry *e = state;
	int r = 0;

	e->number = e->planned;
	if (!e->planned)
		r = operation_plan(e->o, e->step, &e->number, err);
	return r < 0 ? r
		     : store_step_set(s, e->o->row.id, e->number, e->state, e->message, e->failure,
				      err);
}

/* What cannot be journalled is not done: the operation is left to whoever takes it over. */
static int journal(struct entry *e, struct sp_err *err)
{
	int r = store_transact(e->o->store, write_entry, e, err);

	e->planned = e->number;
	if (r >= 0)
		return 0;
	e->o->lost = true;
	sp_log(SP_LOG_ERROR, "operation.journal", SP_STR("operation", e->o->row.id), SP_ERR(err));
	return r;
}

/* It may be there again in a moment: it was restarted, or the way to it was cut. */
static bool is_passing(const struct operation_step *step, const struct sp_err *err)
{
	return step->node && (err->code == SP_E_UNREACHABLE || err->code == SP_E_TIMEOUT ||
			      err->code == SP_E_INTERRUPTED);
}

static void tell_retry(const struct operation *o, const struct operation_step *step, uint32_t tries,
		       const struct sp_err *why)
{
	nanosleep(&(struct timespec){ .tv_nsec = RETRY_PAUSE_NS }, NULL);
	sp_log(SP_LOG_WARN, "operation.retry", SP_STR("operation", o->row.id),
	       SP_STR("step", step->name), SP_STR("node", step->node), SP_INT("tries", tries),
	       SP_ERR(why));
}

static int act(struct operation *o, const struct operation_step *step, struct sp_err *err)
{
	int64_t give_up = 0;
	struct sp_err why = { 0 };

	for (uint32_t tries = 1;; tries++) {
		int r;

		memset(&o->at, 0, sizeof(o->at));
		o->message[0] = '\0';
		r = step->fn(o, step->state, &why);
		if (r >= 0)
			return 0;
		o->at.attempt = tries > 1 ? tries : 0;
		if (!give_up)
			give_up = sp_time_mono_ns() + o->control->config.agent_patience_ns;
		if (operation_check(o, &why) < 0 || !is_passing(step, &why) ||
		    sp_time_mono_ns() >= give_up)
			break;
		tell_retry(o, step, tries, &why);
	}
	*err = why;
	return sp_err_return(err);
}

static int fail(struct entry *e, const struct sp_err *err)
{
	struct operation *o = e->o;
	struct sp_err store_err;

	address(o, e->step, err);
	if (!o->failed)
		o->failure = o->at;
	o->failed = true;
	e->state = STORE_STEP_FAILED;
	e->message = err->message;
	e->failure = &o->at;
	if (e->planned)
		journal(e, &store_err);
	return sp_err_return(err);
}

int operation_step(struct operation *o, int number, const struct operation_step *step,
		   struct sp_err *err)
{
	struct entry e = { .o = o, .step = step, .planned = number, .state = STORE_STEP_RUNNING };
	int r = operation_check(o, err);

	if (r < 0) {
		memset(&o->at, 0, sizeof(o->at));
		e.planned = 0; /* it is not begun: skipped, not failed */
		return operation_stopping(o) ? r : fail(&e, err);
	}
	r = journal(&e, err);
	if (r < 0)
		return r;
	o->step = e.number;
	r = act(o, step, err);
	if (operation_stopping(o))
		return sp_fail(err, SP_E_INTERRUPTED, "controld is stopping, or lost the lock");
	if (r < 0)
		return fail(&e, err);
	e.state = STORE_STEP_DONE;
	e.message = o->message;
	return journal(&e, err);
}
