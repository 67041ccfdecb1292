/* Walking an operation's steps; see operation.h. */
#include "control/operation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "control/operation_agents.h"
#include "control/operation_lease.h"

static const struct {
	const char *kind;
	void (*run)(struct operation *o);
} kinds[] = { { "deploy", deploy_run }, { "destroy", destroy_run } };

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
		r = operation_lease_take(o, err);
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
	store_pool_give(o->control->stores, o->store);
	free(o);
}

void operation_run(struct operation *o)
{
	sp_log(SP_LOG_INFO, "operation.start", SP_STR("operation", o->row.id),
	       SP_STR("kind", o->row.kind), SP_STR("stack", o->row.stack));
	for (size_t i = 0; i < SP_COUNT(kinds); i++)
		if (!strcmp(kinds[i].kind, o->row.kind))
			kinds[i].run(o);
	sp_log(SP_LOG_INFO, "operation.end", SP_STR("operation", o->row.id),
	       SP_STR("failure", o->failed ? o->failure.err.message : ""));
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
	return operation_agents_stopping(o->agents);
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

int operation_plan(struct operation *o, const struct operation_step *step, int *ret_number,
		   struct sp_err *err)
{
	struct store_step row = { .operation = o->row.id,
				  .name = step->name,
				  .node = step->node,
				  .resource = step->resource };

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
	if (!*f->next)
		snprintf(f->next, sizeof(f->next), "ctl op show %s", o->row.id);
}

static int tell_failed(struct operation *o, const struct operation_step *step,
		       const struct sp_err *err)
{
	struct sp_err store_err;

	address(o, step, err);
	if (!o->failed)
		o->failure = o->at;
	o->failed = true;
	if (store_step_set(o->store, o->row.id, o->step, STORE_STEP_FAILED, err->message, &o->at,
			   &store_err) < 0)
		sp_log(SP_LOG_ERROR, "operation.journal", SP_STR("operation", o->row.id),
		       SP_ERR(&store_err));
	return sp_err_return(err);
}

int operation_step(struct operation *o, int number, const struct operation_step *step,
		   struct sp_err *err)
{
	int r = number ? 0 : operation_plan(o, step, &number, err);

	o->step = number;
	o->message[0] = '\0';
	memset(&o->at, 0, sizeof(o->at));
	if (r == 0)
		r = store_step_set(o->store, o->row.id, number, STORE_STEP_RUNNING, NULL, NULL,
				   err);
	if (r == 0)
		r = step->fn(o, step->state, err);
	if (operation_stopping(o))
		return sp_fail(err, SP_E_INTERRUPTED, "controld is stopping, or lost the lock");
	if (r < 0)
		return tell_failed(o, step, err);
	return store_step_set(o->store, o->row.id, number, STORE_STEP_DONE, o->message, NULL, err);
}
