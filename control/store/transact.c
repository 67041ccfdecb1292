/*
 * Transactions of the store; see store.h.
 *
 * Where the engine is a server, a transaction begins by locking one row, so that writers wait for
 * each other and sequences have no gaps, and by marking itself: its writer's row in `commits` gets
 * its number. When the connection is lost during the commit, the next transaction takes the lock,
 * which says that the lost one has ended, and looks whether its mark is there: if so it was
 * committed, and nothing is done twice; if not, its function runs again, and nothing is lost.
 */
#include <stdio.h>

#include "base/time.h"
#include "control/store/impl.h"

#define LOCK "SELECT value FROM counters WHERE name = 'events' FOR UPDATE"
#define MARK                                                                 \
	"INSERT INTO commits (writer, number, at) VALUES ('%s', %lld, %lld)" \
	" ON CONFLICT (writer) DO UPDATE SET number = excluded.number, at = excluded.at"
#define SQL_MAX 384

struct attempt {
	store_fn fn;
	void *state;
	int result;     /* of fn */
	bool unsettled; /* the last commit may have been done */
};

static void mark_sql(struct store *s, char ret[SQL_MAX])
{
	snprintf(ret, SQL_MAX, MARK, s->writer, (long long)++s->number,
		 (long long)sp_time_real_ns());
}

static int begin(struct store *s, struct sp_err *err)
{
	char mark[SQL_MAX], opening[2 * SQL_MAX];

	mark_sql(s, mark);
	snprintf(opening, sizeof(opening), LOCK "; %s", mark);
	return db_begin(s->db, opening, err);
}

/* 1: the last transaction was committed; 0: it was not, and its work is to be done again. */
static int settle(struct store *s, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(s->db, &rows, err, "SELECT number FROM commits WHERE writer = $1",
			  DB_S(s->writer));

	if (r == 0)
		r = db_next(rows, err);
	return r == 1 ? db_number(rows, 0) == s->number : r;
}

/* As begin(), and 1 when there is nothing left to do. */
static int begin_again(struct store *s, struct attempt *a, struct sp_err *err)
{
	char mark[SQL_MAX];
	int r = db_begin(s->db, LOCK, err);

	if (r == 0)
		r = settle(s, err);
	if (r != 0)
		return r;
	a->unsettled = false;
	mark_sql(s, mark);
	return db_script(s->db, mark, err);
}

static int commit(struct store *s, struct attempt *a, struct sp_err *err)
{
	int r = db_commit(s->db, err);

	a->unsettled = r < 0 && s->db->trouble == DB_LOST;
	return r;
}

static int try_once(struct store *s, struct attempt *a, struct sp_err *err)
{
	int r = a->unsettled ? begin_again(s, a, err) : begin(s, err);

	if (r == 0) {
		s->written = 0;
		s->depth++;
		r = s->guard ? s->guard(s, s->guard_state, err) : 0;
		if (r >= 0)
			r = a->result = a->fn(s, a->state, err);
		s->depth--;
		if (r >= 0)
			r = commit(s, a, err);
		if (r >= 0)
			return r;
	}
	db_rollback(s->db);
	return r;
}

static int refuse(const struct attempt *a, const struct sp_err *why, struct sp_err *err)
{
	if (!err)
		return sp_err_return(why);
	*err = *why;
	if (a->unsettled)
		sp_err_prefix(err, "whether the change was made is not known");
	return sp_err_return(err);
}

int store_transact(struct store *s, store_fn fn, void *state, struct sp_err *err)
{
	struct attempt a = { .fn = fn, .state = state };
	struct db_retry retry = { 0 };
	struct sp_err why = { 0 };
	int r;

	if (s->depth)
		return fn(s, state, err);
	do
		r = try_once(s, &a, &why);
	while (r < 0 && db_retry(s->db, &retry));
	if (r < 0)
		return refuse(&a, &why, err);
	if (s->written && s->on_commit)
		s->on_commit(s->owner);
	return a.result;
}

struct statement {
	const char *sql;
	const struct db_value *args;
};

static int write_one(struct store *s, void *state, struct sp_err *err)
{
	const struct statement *one = state;

	return db_write_args(s->db, one->sql, one->args, err);
}

int store_write_args(struct store *s, const char *sql, const struct db_value *args,
		     struct sp_err *err)
{
	struct statement one = { sql, args };

	return store_transact(s, write_one, &one, err);
}

void store_mark_event(struct store *s)
{
	s->written++;
}

void store_guard(struct store *s, store_fn fn, void *state)
{
	s->guard = fn;
	s->guard_state = state;
}

void store_on_commit(struct store *s, void (*fn)(void *owner), void *owner)
{
	s->on_commit = fn;
	s->owner = owner;
}
