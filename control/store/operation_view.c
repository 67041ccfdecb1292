/* Operations as the API shows them; see operation.h. */
#include <stdlib.h>

#include "base/json.h"
#include "base/time.h"
#include "control/store/operation.h"

#define COLUMNS                                                                                     \
	"id, kind, stack, state, created_at, finished_at, requested_by, error, attempt, direction," \
	" revision, cancelled_by, warnings"

static json_t *object_or_null(const struct db_rows *rows, int column)
{
	const char *text = db_text(rows, column);
	json_t *j = text ? json_loads(text, 0, NULL) : NULL;

	return j ? j : json_null();
}

static json_t *object_or_empty(const struct db_rows *rows, int column)
{
	const char *text = db_text(rows, column);
	json_t *j = text ? json_loads(text, 0, NULL) : NULL;

	return j ? j : json_object();
}

static json_t *operation_object(const struct db_rows *rows)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:I, s:s, s:I, s:s?, s:o}", "id",
			 db_text(rows, 0), "kind", db_text(rows, 1), "stack", db_text(rows, 2),
			 "state", db_text(rows, 3), "created_at", sp_json_stamp(db_number(rows, 4)),
			 "finished_at", sp_json_stamp(db_number(rows, 5)), "requested_by",
			 db_text(rows, 6), "error", object_or_null(rows, 7), "attempt",
			 (json_int_t)db_number(rows, 8), "direction", db_text(rows, 9), "revision",
			 (json_int_t)db_number(rows, 10), "cancelled_by", db_text(rows, 11),
			 "warnings", object_or_empty(rows, 12));
}

static json_t *step_object(const struct db_rows *rows)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:s, s:o}", "number",
			 (json_int_t)db_number(rows, 0), "name", db_text(rows, 1), "node",
			 db_text(rows, 2), "resource", db_text(rows, 3), "state", db_text(rows, 4),
			 "attempt", (json_int_t)db_number(rows, 5), "started_at",
			 sp_json_stamp(db_number(rows, 6)), "finished_at",
			 sp_json_stamp(db_number(rows, 7)), "message", db_text(rows, 8), "error",
			 object_or_null(rows, 9));
}

static int add_steps(struct store *s, const char *id, json_t *operation, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autojson json_t *list = json_array();
	int r = db_select(store_db(s), &rows, err,
			  "SELECT number, name, node, resource, state, attempt, started_at,"
			  " finished_at, message, error FROM steps WHERE operation = $1"
			  " ORDER BY number",
			  DB_S(id));

	if (r < 0)
		return r;
	while ((r = db_next(rows, err)) > 0)
		if (json_array_append_new(list, step_object(rows)) < 0)
			return sp_fail_nomem(err);
	if (r == 0 && json_object_set(operation, "steps", list) < 0)
		r = sp_fail_nomem(err);
	return r;
}

int store_operation_view(struct store *s, const char *id, json_t **ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autojson json_t *operation = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT " COLUMNS " FROM operations WHERE id = $1", DB_S(id));

	r = store_first(r, rows, "operation", id, err);
	if (r < 0)
		return r;
	operation = operation_object(rows);
	r = operation ? add_steps(s, id, operation, err) : sp_fail_nomem(err);
	if (r == 0)
		*ret = take_ptr(operation);
	return r;
}

int store_operation_views(struct store *s, const char *stack, int64_t limit, json_t **ret,
			  struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autojson json_t *list = json_array();
	int r = db_select(store_db(s), &rows, err,
			  "SELECT " COLUMNS " FROM operations WHERE $1 = '' OR stack = $1"
			  " ORDER BY number DESC LIMIT $2",
			  DB_S(stack ? stack : ""), DB_I(limit));

	if (r < 0)
		return r;
	while ((r = db_next(rows, err)) > 0)
		if (json_array_append_new(list, operation_object(rows)) < 0)
			return sp_fail_nomem(err);
	if (r < 0)
		return r;
	*ret = take_ptr(list);
	return 0;
}

int store_operation_counts(struct store *s, const char *stack, json_t **ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autojson json_t *counts = json_object();
	int r = db_select(store_db(s), &rows, err,
			  "SELECT state, COUNT(*) FROM operations WHERE stack = $1 GROUP BY state",
			  DB_S(stack));

#define X(sym, name) json_object_set_new(counts, name, json_integer(0));
	STORE_OPERATION_STATES(X)
#undef X
	while (r >= 0 && (r = db_next(rows, err)) > 0)
		if (json_object_set_new(counts, db_text(rows, 0),
					json_integer(db_number(rows, 1))) < 0)
			return sp_fail_nomem(err);
	if (r == 0)
		*ret = take_ptr(counts);
	return r;
}
