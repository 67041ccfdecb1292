/* Events; see event.h. */
#include "control/store/event.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/time.h"

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static int append(struct store *s, void *state, struct sp_err *err)
{
	const struct store_event *e = state;
	autofree char *fields = e->fields ? sp_json_text(e->fields) : NULL;
	int64_t seq;
	int r;

	if (e->fields && !fields)
		return sp_fail_nomem(err);
	r = store_count(s, "events", &seq, err);
	if (r < 0)
		return r;
	r = db_write(store_db(s), err,
		     "INSERT INTO events (seq, at, type, stack, workload, node, operation, message,"
		     " fields) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		     DB_I(seq), DB_I(e->at_ns ? e->at_ns : sp_time_real_ns()), DB_S(e->type),
		     DB_S(or_empty(e->stack)), DB_S(or_empty(e->workload)), DB_S(or_empty(e->node)),
		     DB_S(or_empty(e->operation)), DB_S(or_empty(e->message)), DB_S(fields));
	if (r < 0)
		return r;
	store_mark_event(s);
	return 0;
}

int store_event_append(struct store *s, const struct store_event *e, struct sp_err *err)
{
	return store_transact(s, append, (void *)e, err);
}

static json_t *event_object(const struct db_rows *rows)
{
	char at[SP_TIME_STAMP_MAX];
	const char *text = db_text(rows, 8);
	json_t *fields = text ? json_loads(text, 0, NULL) : json_object();

	sp_time_format(db_number(rows, 1), at);
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "seq",
			 (json_int_t)db_number(rows, 0), "at", at, "type", db_text(rows, 2),
			 "stack", db_text(rows, 3), "workload", db_text(rows, 4), "node",
			 db_text(rows, 5), "operation", db_text(rows, 6), "message",
			 db_text(rows, 7), "fields", fields ? fields : json_object());
}

static int select_events(struct store *s, const struct store_event_filter *f, struct db_rows **ret,
			 struct sp_err *err)
{
	return db_select(store_db(s), ret, err,
			 "SELECT seq, at, type, stack, workload, node, operation, message, fields"
			 " FROM events WHERE seq > $1 AND ($2 = '' OR stack = $2)"
			 " AND ($3 = '' OR operation = $3)"
			 " AND ($4 = '' OR substr(type, 1, length($4)) = $4)"
			 " ORDER BY seq LIMIT $5",
			 DB_I(f->after), DB_S(or_empty(f->stack)), DB_S(or_empty(f->operation)),
			 DB_S(or_empty(f->type)), DB_I(f->limit));
}

int store_event_list(struct store *s, const struct store_event_filter *f, json_t **ret,
		     int64_t *ret_next, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autojson json_t *list = json_array();
	int64_t next = f->after;
	int r = select_events(s, f, &rows, err);

	if (r < 0)
		return r;
	while ((r = db_next(rows, err)) > 0) {
		if (json_array_append_new(list, event_object(rows)) < 0)
			return sp_fail_nomem(err);
		next = db_number(rows, 0);
	}
	if (r < 0)
		return r;
	*ret = take_ptr(list);
	*ret_next = next;
	return 0;
}

int store_event_last(struct store *s, int64_t *ret_seq, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT value FROM counters WHERE name = 'events'");

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		*ret_seq = db_number(rows, 0);
	return r < 0 ? r : 0;
}
