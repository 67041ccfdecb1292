/*
 * The course of an operation while it runs: what it made, its turn from
 * forward to revert, and the wish that it turn. See operation.h.
 */
#include <stdio.h>

#include "base/json.h"
#include "control/store/event.h"
#include "control/store/operation.h"

int store_operation_set_revision(struct store *s, const char *id, int64_t revision,
				 const char *stack_before, struct sp_err *err)
{
	int r = db_write(store_db(s), err,
			 "UPDATE operations SET revision = $1, stack_before = $2 WHERE id = $3",
			 DB_I(revision), DB_S(stack_before), DB_S(id));

	return r < 0 ? r : 0;
}

int store_operation_warn(struct store *s, const char *id, const json_t *warnings,
			 struct sp_err *err)
{
	autofree char *text = sp_json_canonical(warnings);
	int r = text ? store_write(s, err, "UPDATE operations SET warnings = $1 WHERE id = $2",
				   DB_S(text), DB_S(id))
		     : sp_fail_nomem(err);

	return r < 0 ? r : 0;
}

/* Tell of it, in its transaction. */
static int tell(struct store *s, const char *id, const char *type, const char *message,
		struct sp_err *err)
{
	autooperation struct store_operation o = { 0 };
	struct store_event event = { .type = type, .operation = id, .message = message };
	int r = store_operation_load(s, id, &o, err);

	event.stack = o.stack;
	return r < 0 ? r : store_event_append(s, &event, err);
}

struct turn {
	const char *id;
	const struct wire_failure *failure;
};

static int turn(struct store *s, void *state, struct sp_err *err)
{
	const struct turn *t = state;
	autojson json_t *error = wire_failure_encode(t->failure);
	autofree char *text = error ? sp_json_text(error) : NULL;
	int r;

	if (!text)
		return sp_fail_nomem(err);
	r = db_write(store_db(s), err,
		     "UPDATE operations SET direction = 'revert', error = $1"
		     " WHERE id = $2 AND state = 'running'",
		     DB_S(text), DB_S(t->id));
	if (r == 0)
		return sp_fail(err, SP_E_CONFLICT, "operation '%s' is not running", t->id);
	if (r > 0)
		r = store_step_skip_pending(s, t->id, err);
	return r < 0 ? r : tell(s, t->id, "operation.reverting", t->failure->err.message, err);
}

int store_operation_turn(struct store *s, const char *id, const struct wire_failure *failure,
			 struct sp_err *err)
{
	struct turn t = { id, failure };

	return store_transact(s, turn, &t, err);
}

struct cancel {
	const char *id, *who;
};

static int cancel(struct store *s, void *state, struct sp_err *err)
{
	const struct cancel *c = state;
	autooperation struct store_operation o = { 0 };
	int r = store_operation_load(s, c->id, &o, err);

	if (r < 0)
		return r;
	if (o.state != STORE_OPERATION_RUNNING)
		return sp_fail(err, SP_E_CONFLICT, "operation '%s' has ended: %s", c->id,
			       store_operation_state_name(o.state));
	if (o.direction == STORE_DIRECTION_REVERT)
		return sp_fail(err, SP_E_CONFLICT, "operation '%s' is reverting already", c->id);
	r = db_write(store_db(s), err,
		     "UPDATE operations SET cancelled_by = COALESCE(cancelled_by, $1)"
		     " WHERE id = $2",
		     DB_S(c->who), DB_S(c->id));
	return r < 0 ? r : tell(s, c->id, "operation.cancelled", c->who, err);
}

int store_operation_cancel(struct store *s, const char *id, const char *who, struct sp_err *err)
{
	struct cancel c = { id, who };

	return store_transact(s, cancel, &c, err);
}

int store_operation_cancelled(struct store *s, const char *id, char *ret_who, size_t room,
			      struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT cancelled_by FROM operations"
			  " WHERE id = $1 AND cancelled_by IS NOT NULL",
			  DB_S(id));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		snprintf(ret_who, room, "%s", db_text(rows, 0));
	return r;
}
