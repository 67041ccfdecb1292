/* An operation from its opening to its end; see operation.h. Its steps: step.c. */
#include "control/operation/operation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "control/operation/agents.h"
#include "control/operation/lease.h"

static const struct {
	const char *kind;
	void (*run)(struct operation *o);
} kinds[] = { { "deploy", deploy_run },
	      { "restore", deploy_run },
	      { "destroy", destroy_run },
	      { OPERATION_DRIFT_FIX, drift_fix_run } };

/* Why a former attempt turned to reverting. */
static void recall_failure(struct operation *o)
{
	autojson json_t *error = json_loads(o->row.error, 0, NULL);

	wire_failure_decode(error, &o->failure);
	o->failed = true;
}

/* A database whose clock went back since has it begun now. */
static int read_begin(struct operation *o, struct sp_err *err)
{
	int64_t now;
	int r = store_now(o->store, &now, err);

	if (r < 0)
		return r;
	o->began_ns = sp_time_mono_ns();
	if (now > o->row.created_at_ns)
		o->began_ns -= now - o->row.created_at_ns;
	return 0;
}

int operation_open(struct control *c, const char *id, struct operation **ret, struct sp_err *err)
{
	struct operation *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return sp_fail_nomem(err);
	o->control = c;
	o->agents = operation_agents_new();
	r = o->agents ? store_pool_take(c->stores, &o->store, err) : sp_fail_nomem(err);
	if (r == 0)
		r = store_operation_load(o->store, id, &o->row, err);
	if (r == 0)
		r = read_begin(o, err);
	if (r == 0)
		r = operation_lease_take(o, err);
	if (r == 0 && o->row.error)
		recall_failure(o);
	if (r < 0) {
		operation_close(o);
		return r;
	}
	*ret = o;
	return 0;
}

void operation_close(struct operation *o)
{
	if (!o)
		return;
	operation_lease_drop(o);
	operation_agents_free(o->agents);
	store_operation_fini(&o->row);
	json_decref(o->warnings);
	store_pool_give(o->control->stores, o->store);
	free(o);
}

/* Why it ended without success, for the log; one that is cut off has no failure of its own. */
static const char *why_ended(const struct operation *o)
{
	if (o->failed)
		return o->failure.err.message;
	return operation_stopping(o) ? "cut off: controld is stopping, or has lost the lock" : "";
}

void operation_run(struct operation *o)
{
	sp_log(SP_LOG_INFO, "operation.start", SP_STR("operation", o->row.id),
	       SP_STR("kind", o->row.kind), SP_STR("stack", o->row.stack),
	       SP_INT("attempt", o->row.attempt));
	for (size_t i = 0; i < SP_COUNT(kinds) && o->row.state == STORE_OPERATION_RUNNING; i++)
		if (!strcmp(kinds[i].kind, o->row.kind))
			kinds[i].run(o);
	sp_log(SP_LOG_INFO, "operation.end", SP_STR("operation", o->row.id),
	       SP_STR("failure", why_ended(o)));
}

void operation_stop(struct operation *o)
{
	operation_agents_stop(o->agents);
}

void operation_extend(struct operation *o, int64_t until_ns)
{
	operation_agents_extend(o->agents, until_ns);
}

bool operation_stopping(const struct operation *o)
{
	return o->lost || operation_agents_stopping(o->agents);
}

bool operation_is_cancelled(struct operation *o)
{
	char who[STORE_LEASE_NAME_MAX];

	return !o->past_return &&
	       store_operation_cancelled(o->store, o->row.id, who, sizeof(who), NULL) == 1;
}

static int fail_late(const struct operation *o, struct sp_err *err)
{
	char limit[SP_DURATION_MAX];

	sp_duration_format(o->deadline_ns - o->began_ns, limit);
	return sp_fail(err, SP_E_TIMEOUT,
		       "operation '%s' took longer than the %s of its stack's policy.timeout",
		       o->row.id, limit);
}

int operation_check(struct operation *o, struct sp_err *err)
{
	char who[160] = "";

	if (operation_stopping(o))
		return sp_fail(err, SP_E_INTERRUPTED, "controld is stopping, or lost the lock");
	if (o->row.direction == STORE_DIRECTION_REVERT || o->past_return)
		return 0;
	if (o->deadline_ns && sp_time_mono_ns() >= o->deadline_ns)
		return fail_late(o, err);
	if (store_operation_cancelled(o->store, o->row.id, who, sizeof(who), NULL) == 1)
		return sp_fail(err, SP_E_INTERRUPTED, "operation '%s' was cancelled by %s",
			       o->row.id, who);
	return 0;
}

void operation_limit(struct operation *o, int64_t timeout_ns)
{
	o->deadline_ns = timeout_ns ? o->began_ns + timeout_ns : 0;
}

int64_t operation_bound(const struct operation *o, int64_t timeout_ns)
{
	int64_t left = o->deadline_ns - sp_time_mono_ns();

	if (!o->deadline_ns || o->row.direction == STORE_DIRECTION_REVERT || o->past_return)
		return timeout_ns;
	return left >= timeout_ns ? timeout_ns : left > SP_NS_PER_MS ? left : SP_NS_PER_MS;
}

/* A failure outside of any step has the operation for its address. */
void operation_keep_failure(struct operation *o, const struct sp_err *err)
{
	if (o->failed)
		return;
	wire_failure_init(&o->failure, err, "controld");
	o->failed = true;
}

static int lose(struct operation *o, int r, const char *event, const struct sp_err *err)
{
	if (r >= 0)
		return 0;
	o->lost = true;
	sp_log(SP_LOG_ERROR, event, SP_STR("operation", o->row.id), SP_ERR(err));
	return r;
}

static int write_turn(struct store *s, void *state, struct sp_err *err)
{
	struct operation *o = state;

	return store_operation_turn(s, o->row.id, &o->failure, err);
}

int operation_turn(struct operation *o, struct sp_err *err)
{
	int r;

	operation_keep_failure(o, err);
	r = store_transact(o->store, write_turn, o, err);
	if (r >= 0)
		o->row.direction = STORE_DIRECTION_REVERT;
	return lose(o, r, "operation.turn", err);
}

struct end {
	struct operation *o;
	enum store_operation_state state;
	store_fn fn;
	void *fn_state;
};

static int write_end(struct store *s, void *state, struct sp_err *err)
{
	struct end *e = state;
	struct operation *o = e->o;
	bool well = e->state == STORE_OPERATION_SUCCEEDED;
	int r = well ? 0 : store_step_skip_pending(s, o->row.id, err);

	if (r >= 0 && e->fn)
		r = e->fn(s, e->fn_state, err);
	if (r >= 0 && o->warnings)
		r = store_operation_warn(s, o->row.id, o->warnings, err);
	return r < 0 ? r
		     : store_operation_finish(s, o->row.id, e->state, well ? NULL : &o->failure,
					      err);
}

int operation_end(struct operation *o, enum store_operation_state end, store_fn fn, void *state,
		  struct sp_err *err)
{
	struct end e = { o, end, fn, state };

	if (end != STORE_OPERATION_SUCCEEDED)
		operation_keep_failure(o, err);
	return lose(o, store_transact(o->store, write_end, &e, err), "operation.finish", err);
}

int operation_agent(struct operation *o, const char *node, struct agent **ret, struct sp_err *err)
{
	return operation_agents_get(o->agents, &o->control->access, o->store, node, ret, err);
}

struct agent_right operation_right(const struct operation *o)
{
	return (struct agent_right){ o->row.id, o->step, o->row.token };
}

int operation_agent_failed(struct operation *o, const struct agent *a, int r,
			   const struct sp_err *err)
{
	if (r < 0)
		agent_failure(a, err, &o->at);
	return r;
}

void operation_say(struct operation *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(o->message, sizeof(o->message), fmt, ap);
	va_end(ap);
}

void operation_warn(struct operation *o, const char *topic, const char *fmt, ...)
{
	char text[OPERATION_MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!o->warnings)
		o->warnings = json_object();
	if (json_object_set_new(o->warnings, topic, json_string(text)) < 0)
		sp_log(SP_LOG_WARN, "operation.warning", SP_STR("operation", o->row.id),
		       SP_STR("topic", topic), SP_STR("text", text));
}
