/* What is told of a stack's changes; see stack_event.h. */
#include "control/store/stack_event.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/time.h"
#include "control/store/event.h"

/* Takes fields. */
static int tell(struct store *s, struct store_event *event, json_t *fields, struct sp_err *err)
{
	autojson json_t *owned = fields;

	event->fields = owned;
	return owned ? store_event_append(s, event, err) : sp_fail_nomem(err);
}

int stack_tell_created(struct store *s, const char *stack, enum store_stack_state state,
		       const char *operation, struct sp_err *err)
{
	struct store_event event = { .type = "stack.created",
				     .stack = stack,
				     .operation = operation };

	return tell(s, &event, json_pack("{s:s}", "state", store_stack_state_name(state)), err);
}

static const char *type_of(enum store_stack_state state)
{
	switch (state) {
	case STORE_STACK_DEPLOYING:
	case STORE_STACK_DESTROYING:
		return "stack.execution.started";
	case STORE_STACK_RUNNING:
		return "stack.execution.completed";
	case STORE_STACK_FAILED:
		return "stack.execution.failed";
	}
	return "stack.execution.failed";
}

/* "" of an operation that is not on record. */
static int kind_of(struct store *s, const char *operation, char ret[STORE_NAME_MAX],
		   struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err, "SELECT kind FROM operations WHERE id = $1",
			  DB_S(operation));

	ret[0] = '\0';
	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		db_text_into(rows, 0, ret, STORE_NAME_MAX);
	return r < 0 ? r : 0;
}

static int tell_execution(struct store *s, struct store_event *event, const char *state,
			  struct sp_err *err)
{
	char kind[STORE_NAME_MAX];
	int r = kind_of(s, event->operation, kind, err);

	event->message = state;
	return r < 0 ? r
		     : tell(s, event, json_pack("{s:s, s:s}", "state", state, "kind", kind), err);
}

int stack_tell_state(struct store *s, const char *stack, enum store_stack_state state,
		     const char *operation, struct sp_err *err)
{
	struct store_event event = { .type = type_of(state),
				     .stack = stack,
				     .operation = operation };

	return tell_execution(s, &event, store_stack_state_name(state), err);
}

int stack_tell_failed(struct store *s, const char *stack, const char *state, const char *operation,
		      struct sp_err *err)
{
	struct store_event event = { .type = "stack.execution.failed",
				     .stack = stack,
				     .operation = operation };

	return tell_execution(s, &event, state, err);
}

int stack_tell_updated(struct store *s, const char *stack, struct sp_err *err)
{
	struct store_stack row;
	char message[STORE_NAME_MAX];
	int r = store_stack_get(s, stack, &row, err);
	struct store_event event = { .type = "stack.updated",
				     .stack = stack,
				     .operation = row.operation,
				     .message = message };

	if (r < 0)
		return r;
	snprintf(message, sizeof(message), "revision %" PRId64, row.revision);
	return tell(
		s, &event,
		json_pack("{s:I, s:s}", "revision", (json_int_t)row.revision, "digest", row.digest),
		err);
}

int stack_tell_destroyed(struct store *s, const char *stack, const char *operation,
			 struct sp_err *err)
{
	struct store_event event = { .type = "stack.destroyed",
				     .stack = stack,
				     .operation = operation };

	return store_event_append(s, &event, err);
}

int stack_tell_expires(struct store *s, const char *stack, int64_t at_ns, const char *operation,
		       struct sp_err *err)
{
	char at[SP_TIME_STAMP_MAX] = "";
	struct store_event event = {
		.type = "stack.expires", .stack = stack, .operation = operation, .message = at
	};

	if (at_ns)
		sp_time_format(at_ns, at);
	return tell(s, &event, json_pack("{s:s?}", "expires_at", at_ns ? at : NULL), err);
}

int stack_tell_overdue(struct store *s, const char *stack, const char *why, struct sp_err *err)
{
	struct store_event event = { .type = "stack.overdue", .stack = stack, .message = why };

	return tell(s, &event, json_pack("{s:s}", "severity", "warning"), err);
}

int stack_tell_verified(struct store *s, const struct store_verification *v, struct sp_err *err)
{
	struct store_event event = { .type = "stack.verified",
				     .stack = v->stack,
				     .message = v->ok ? "passed" : "failed" };

	return tell(s, &event,
		    json_pack("{s:I, s:b, s:I, s:I, s:I, s:I, s:s}", "revision",
			      (json_int_t)v->revision, "ok", v->ok, "passed", (json_int_t)v->passed,
			      "warned", (json_int_t)v->warned, "failed", (json_int_t)v->failed,
			      "skipped", (json_int_t)v->skipped, "by", v->verified_by),
		    err);
}
