/* The queue before a stack's lock; see waiter.h. */
#include "control/store/waiter.h"

#include <stdlib.h>

#define FUTURE_NS (2 * STORE_WAITER_TTL_NS) /* nobody who speaks now is alive until then */

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* Who fell silent loses the place, and so does who seems to speak from the future: the clock went
 * back, and nobody knows when that was said. The next ticket is behind all that are left. */
int store_waiter_keep(struct store *s, const struct store_lease_request *q, struct sp_err *err)
{
	int64_t now;
	int r = store_now(s, &now, err);

	if (r == 0)
		r = db_write(store_db(s), err,
			     "DELETE FROM lease_waiters WHERE stack = $1"
			     " AND (alive_until <= $2 OR (alive_until > $3 AND request_key <> $4))",
			     DB_S(q->stack), DB_I(now), DB_I(now + FUTURE_NS), DB_S(q->key));
	if (r >= 0)
		r = db_write(store_db(s), err,
			     "INSERT INTO lease_waiters (stack, request_key, ticket, locked_by,"
			     " host, operation, since, alive_until)"
			     " SELECT $1, $2, COALESCE(MAX(ticket), 0) + 1, $3, $4, $5, $6, $7"
			     " FROM lease_waiters WHERE stack = $1"
			     " ON CONFLICT (stack, request_key) DO UPDATE"
			     " SET alive_until = excluded.alive_until",
			     DB_S(q->stack), DB_S(q->key), DB_S(or_empty(q->locked_by)),
			     DB_S(or_empty(q->host)), DB_S(or_empty(q->operation)), DB_I(now),
			     DB_I(now + STORE_WAITER_TTL_NS));
	return r < 0 ? r : 0;
}

int store_waiter_leave(struct store *s, const char *stack, const char *key, struct sp_err *err)
{
	int r = store_write(s, err,
			    "DELETE FROM lease_waiters WHERE stack = $1 AND request_key = $2",
			    DB_S(stack), DB_S(key));

	return r < 0 ? r : 0;
}

static int select_waiters(struct store *s, const char *stack, int64_t limit, struct db_rows **ret,
			  struct sp_err *err)
{
	int64_t now;
	int r = store_now(s, &now, err);

	return r < 0 ? r
		     : db_select(store_db(s), ret, err,
				 "SELECT stack, request_key, locked_by, host, operation, since"
				 " FROM lease_waiters WHERE stack = $1 AND alive_until > $2"
				 " AND alive_until <= $3 ORDER BY ticket LIMIT $4",
				 DB_S(stack), DB_I(now), DB_I(now + FUTURE_NS), DB_I(limit));
}

static void read_row(const struct db_rows *rows, struct store_waiter *w)
{
	db_text_into(rows, 0, w->stack, sizeof(w->stack));
	db_text_into(rows, 1, w->key, sizeof(w->key));
	db_text_into(rows, 2, w->locked_by, sizeof(w->locked_by));
	db_text_into(rows, 3, w->host, sizeof(w->host));
	db_text_into(rows, 4, w->operation, sizeof(w->operation));
	w->since_ns = db_number(rows, 5);
}

int store_waiter_first(struct store *s, const char *stack, struct store_waiter *ret,
		       struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = select_waiters(s, stack, 1, &rows, err);

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		read_row(rows, ret);
	return r;
}

#define EACH_MAX 1000 /* waiters that are told of */

int store_waiter_each(struct store *s, const char *stack,
		      int (*fn)(const struct store_waiter *w, void *state), void *state,
		      struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	struct store_waiter w;
	int r = select_waiters(s, stack, EACH_MAX, &rows, err);

	while (r >= 0 && (r = db_next(rows, err)) > 0) {
		read_row(rows, &w);
		if (fn(&w, state) < 0)
			return sp_fail_nomem(err);
	}
	return r < 0 ? r : 0;
}
