/* Steps of operations; see operation.h. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/store/event.h"
#include "control/store/operation.h"

static const char *const state_names[] = {
#define X(sym, name) [STORE_STEP_##sym] = name,
	STORE_STEP_STATES(X)
#undef X
};

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

struct add {
	const struct store_step *step;
	int number;
};

static int add(struct store *s, void *state, struct sp_err *err)
{
	struct add *a = state;
	const struct store_step *step = a->step;
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "INSERT INTO steps (operation, number, name, node, resource, state,"
			  " attempt, message, subject)"
			  " SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4, 'pending',"
			  " (SELECT attempt FROM operations WHERE id = $1), '', $5"
			  " FROM steps WHERE operation = $1 RETURNING number",
			  DB_S(step->operation), DB_S(step->name), DB_S(or_empty(step->node)),
			  DB_S(or_empty(step->resource)), DB_S(step->subject));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		a->number = (int)db_number(rows, 0);
	return r < 0 ? r : 0;
}

int store_step_add(struct store *s, const struct store_step *step, int *ret_number,
		   struct sp_err *err)
{
	struct add a = { .step = step };
	int r = store_transact(s, add, &a, err);

	if (r == 0)
		*ret_number = a.number;
	return r;
}

struct change {
	const char *operation;
	int number;
	enum store_step_state state;
	const char *message;
	const struct wire_failure *failure;
};

static int tell(struct store *s, const struct change *c, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autojson json_t *fields = NULL;
	struct store_event event = { .type = "operation.step", .operation = c->operation };
	int r = db_select(store_db(s), &rows, err,
			  "SELECT s.name, s.node, s.resource, s.message, o.stack, s.attempt"
			  " FROM steps s JOIN operations o ON o.id = s.operation"
			  " WHERE s.operation = $1 AND s.number = $2",
			  DB_S(c->operation), DB_I(c->number));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 0)
		return sp_fail(err, SP_E_NOT_FOUND, "operation '%s' has no step %d", c->operation,
			       c->number);
	if (r < 0)
		return r;
	fields = json_pack("{s:i, s:s, s:s, s:s, s:i}", "number", c->number, "name",
			   db_text(rows, 0), "resource", db_text(rows, 2), "state",
			   state_names[c->state], "attempt", (int)db_number(rows, 5));
	event.node = db_text(rows, 1);
	event.message = db_text(rows, 3);
	event.stack = db_text(rows, 4);
	event.fields = fields;
	return store_event_append(s, &event, err);
}

static int change(struct store *s, void *state, struct sp_err *err)
{
	const struct change *c = state;
	autojson json_t *error = c->failure ? wire_failure_encode(c->failure) : NULL;
	autofree char *text = error ? sp_json_text(error) : NULL;
	bool starts = c->state == STORE_STEP_RUNNING;
	int64_t now;
	int r;

	if (c->failure && !text)
		return sp_fail_nomem(err);
	r = store_now(s, &now, err);
	if (r < 0)
		return r;
	r = db_write(store_db(s), err,
		     "UPDATE steps SET state = $1,"
		     " started_at = CASE WHEN $2 = 1 THEN $3 ELSE started_at END,"
		     " finished_at = CASE WHEN $2 = 1 THEN NULL ELSE $3 END,"
		     " message = COALESCE($4, message), error = $5"
		     " WHERE operation = $6 AND number = $7",
		     DB_S(state_names[c->state]), DB_I(starts), DB_I(now), DB_S(c->message),
		     DB_S(text), DB_S(c->operation), DB_I(c->number));
	return r < 0 ? r : tell(s, c, err);
}

int store_step_set(struct store *s, const char *operation, int number, enum store_step_state state,
		   const char *message, const struct wire_failure *failure, struct sp_err *err)
{
	struct change c = { operation, number, state, message, failure };

	return store_transact(s, change, &c, err);
}

void store_steps_fini(struct store_steps *st)
{
	free(st->list);
	*st = (struct store_steps){ 0 };
}

static void read_step(const struct db_rows *rows, struct store_step_row *row)
{
	*row = (struct store_step_row){ .number = (int)db_number(rows, 0),
					.attempt = db_number(rows, 5) };
	db_text_into(rows, 1, row->name, sizeof(row->name));
	db_text_into(rows, 2, row->node, sizeof(row->node));
	db_text_into(rows, 3, row->resource, sizeof(row->resource));
	for (size_t i = 0; i < SP_COUNT(state_names); i++)
		if (sp_str_eq(db_text(rows, 4), state_names[i]))
			row->state = (enum store_step_state)i;
}

int store_step_list(struct store *s, const char *operation, struct store_steps *ret,
		    struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autosteps struct store_steps steps = { 0 };
	int r = db_select(store_db(s), &rows, err,
			  "SELECT number, name, node, resource, state, attempt FROM steps"
			  " WHERE operation = $1 ORDER BY number",
			  DB_S(operation));

	while (r >= 0 && (r = db_next(rows, err)) > 0) {
		struct store_step_row *list =
			reallocarray(steps.list, steps.n + 1, sizeof(*steps.list));

		if (!list)
			return sp_fail_nomem(err);
		steps.list = list;
		read_step(rows, &steps.list[steps.n++]);
	}
	if (r < 0)
		return r;
	*ret = steps;
	steps = (struct store_steps){ 0 };
	return 0;
}

static int append_subject(const struct db_rows *rows, json_t *list, struct sp_err *err)
{
	json_t *subject = NULL;
	int r = sp_json_parse(db_text(rows, 0), strlen(db_text(rows, 0)), &subject, err);

	if (r == 0 && json_array_append_new(list, subject) < 0)
		r = sp_fail_nomem(err);
	return r;
}

int store_step_subjects(struct store *s, const char *operation, const char *name, json_t **ret,
			struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autojson json_t *list = json_array();
	int r = list ? db_select(store_db(s), &rows, err,
				 "SELECT subject FROM steps WHERE operation = $1 AND name = $2"
				 " AND subject IS NOT NULL ORDER BY number",
				 DB_S(operation), DB_S(name))
		     : sp_fail_nomem(err);

	while (r == 0 && (r = db_next(rows, err)) > 0)
		r = append_subject(rows, list, err);
	if (r == 0)
		*ret = take_ptr(list);
	return r;
}

int store_step_node(struct store *s, const char *resource, char ret_node[STORE_NAME_MAX],
		    struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT s.node FROM steps s JOIN operations o ON o.id = s.operation"
			  " WHERE s.resource = $1 AND s.node <> ''"
			  " ORDER BY o.number DESC, s.number DESC LIMIT 1",
			  DB_S(resource));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		db_text_into(rows, 0, ret_node, STORE_NAME_MAX);
	return r;
}

int store_step_skip_pending(struct store *s, const char *operation, struct sp_err *err)
{
	int r = store_write(s, err,
			    "UPDATE steps SET state = 'skipped'"
			    " WHERE operation = $1 AND state = 'pending'",
			    DB_S(operation));

	return r < 0 ? r : 0;
}

/* The step that was running, if one was, has failed; the rest is skipped. */
int store_step_cut(struct store *s, const char *operation, const struct wire_failure *failure,
		   struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int number = 0;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT number FROM steps WHERE operation = $1 AND state = 'running'"
			  " ORDER BY number DESC LIMIT 1",
			  DB_S(operation));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		number = (int)db_number(rows, 0);
	db_rows_end(take_ptr(rows));
	if (r >= 0 && number)
		r = store_step_set(s, operation, number, STORE_STEP_FAILED, failure->err.message,
				   failure, err);
	return r < 0 ? r : store_step_skip_pending(s, operation, err);
}
