/*
 * Taking over an operation whose worker is gone. What the journal of the former attempt
 * says stays: it tells what may have been done.
 */
#include <stdio.h>

#include "base/json.h"
#include "control/store/event.h"
#include "control/store/operation.h"

static int mark_steps(struct store *s, const char *id, struct sp_err *err)
{
	autosteps struct store_steps steps = { 0 };
	int r = store_step_list(s, id, &steps, err);

	for (size_t i = 0; r >= 0 && i < steps.n; i++)
		if (steps.list[i].state == STORE_STEP_RUNNING)
			r = store_step_set(s, id, steps.list[i].number, STORE_STEP_INTERRUPTED,
					   "controld ended while this ran", NULL, err);
	return r < 0 ? r : store_step_skip_pending(s, id, err);
}

static int tell(struct store *s, const struct store_operation *o, struct sp_err *err)
{
	autojson json_t *fields =
		json_pack("{s:I, s:s, s:I}", "attempt", (json_int_t)o->attempt + 1, "direction",
			  store_direction_name(o->direction), "token", (json_int_t)o->token);
	struct store_event event = {
		.type = "operation.resumed", .stack = o->stack, .operation = o->id, .fields = fields
	};
	char message[96];

	snprintf(message, sizeof(message), "attempt %lld, %s", (long long)o->attempt + 1,
		 o->direction == STORE_DIRECTION_REVERT ? "going on reverting" : "going on");
	event.message = message;
	return store_event_append(s, &event, err);
}

static int go_on(struct store *s, const char *id, struct sp_err *err)
{
	autooperation struct store_operation o = { 0 };
	int r = store_operation_load(s, id, &o, err);

	if (r == 0)
		r = mark_steps(s, id, err);
	if (r == 0)
		r = db_write(store_db(s), err,
			     "UPDATE operations SET attempt = attempt + 1 WHERE id = $1", DB_S(id));
	return r < 0 ? r : tell(s, &o, err);
}

static int take_over(struct store *s, void *state, struct sp_err *err)
{
	const struct store_lease_takeover *t = state;
	int64_t token;
	int r = store_lease_take_over(s, t, &token, err);

	if (r != STORE_LEASE_GRANTED)
		return r;
	r = go_on(s, t->operation, err);
	return r < 0 ? r : STORE_LEASE_GRANTED;
}

int store_operation_take_over(struct store *s, const struct store_lease_takeover *t,
			      struct sp_err *err)
{
	struct store_lease_takeover copy = *t;

	return store_transact(s, take_over, &copy, err);
}
