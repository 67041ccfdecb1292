/* Copying a store into another database; see copy.h. */
#include "control/store/copy.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/url.h"
#include "control/store/tables.h"

#define COLUMNS_MAX 24
#define TOKEN_LEAD  1000000

static const struct table {
	const char *name, *all, *empty;
} tables[] = {
#define X(name) { #name, "SELECT * FROM " #name, "DELETE FROM " #name },
	STORE_TABLES(X)
#undef X
};

struct copy {
	struct store *from, *to;
	char *inserts[SP_COUNT(tables)]; /* kept while `to` is open: statements go by address */
	bool begun;                      /* what is there is ours, from an earlier try */
	int64_t lead;                    /* of the copy's tokens */
};

/* Any row but those of the counters, which are there from the start and zero. */
static int refuse_full(struct store *to, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(to), &rows, err,
			  "SELECT (SELECT COUNT(*) FROM nodes) + (SELECT COUNT(*) FROM stacks)"
			  " + (SELECT COUNT(*) FROM leases) + (SELECT COUNT(*) FROM identity)"
			  " + (SELECT SUM(value) FROM counters)");

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1 && db_number(rows, 0) != 0)
		return sp_fail(err, SP_E_EXISTS, "the other database is not empty");
	return r < 0 ? r : 0;
}

static char *insert_sql(const char *table, const struct db_rows *rows, int n)
{
	autobuf struct sp_buf names = SP_BUF_INIT, places = SP_BUF_INIT;

	for (int i = 0; i < n; i++) {
		sp_buf_printf(&names, "%s%s", i ? ", " : "", db_column(rows, i));
		sp_buf_printf(&places, "%s$%d", i ? ", " : "", i + 1);
	}
	if (names.error || places.error)
		return NULL;
	return sp_str_format("INSERT INTO %s (%s) VALUES (%s)", table, names.data, places.data);
}

static struct db_value value_at(const struct db_rows *rows, int column)
{
	if (!db_text(rows, column))
		return DB_S(NULL);
	return db_is_number(rows, column) ? DB_I(db_number(rows, column))
					  : DB_S(db_text(rows, column));
}

static int copy_row(struct copy *c, const char *insert, const struct db_rows *rows, int n,
		    struct sp_err *err)
{
	struct db_value values[COLUMNS_MAX + 1] = { 0 };

	for (int i = 0; i < n; i++)
		values[i] = value_at(rows, i);
	values[n].type = DB_END;
	return db_write_args(store_db(c->to), insert, values, err);
}

static int copy_table(struct copy *c, size_t t, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int n, r = db_select(store_db(c->from), &rows, err, tables[t].all);

	if (r < 0)
		return r;
	n = db_columns(rows);
	if (n > COLUMNS_MAX)
		return sp_fail(err, SP_E_INTERNAL, "table '%s' has %d columns", tables[t].name, n);
	if (!c->inserts[t])
		c->inserts[t] = insert_sql(tables[t].name, rows, n);
	if (!c->inserts[t])
		return sp_fail_nomem(err);
	while (r >= 0 && (r = db_next(rows, err)) > 0)
		r = copy_row(c, c->inserts[t], rows, n, err);
	return r < 0 ? sp_err_prefix(err, "table '%s'", tables[t].name) : 0;
}

static int copy_all(struct store *to, void *state, struct sp_err *err)
{
	struct copy *c = state;
	int r = c->begun ? 0 : refuse_full(to, err);

	for (size_t t = SP_COUNT(tables); r >= 0 && t > 0; t--)
		r = db_write(store_db(to), err, tables[t - 1].empty);
	for (size_t t = 0; r >= 0 && t < SP_COUNT(tables); t++)
		r = copy_table(c, t, err);
	if (r >= 0 && c->lead)
		r = db_write(store_db(to), err, "UPDATE leases SET token = token + $1",
			     DB_I(c->lead));
	return r < 0 ? r : 0;
}

static int run(struct copy *c, const char *url, struct sp_err *err)
{
	int r = store_open(url, NULL, &c->to, err);

	if (r == 0)
		r = store_transact(c->to, copy_all, c, err);
	store_close(c->to);
	for (size_t t = 0; t < SP_COUNT(tables); t++)
		free(c->inserts[t]);
	return r;
}

int store_backup(struct store *s, const char *url, struct sp_err *err)
{
	struct copy c = { .from = s, .lead = TOKEN_LEAD };
	int r = db_snapshot(store_db(s), err);

	if (r == 0)
		r = run(&c, url, err);
	db_rollback(store_db(s));
	return r;
}

struct move {
	const char *url;
	bool begun;
};

static int refuse_running(struct store *s, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT id, stack FROM operations WHERE state = 'running'");

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		return sp_fail(err, SP_E_CONFLICT, "operation '%s' is running on stack '%s'",
			       db_text(rows, 0), db_text(rows, 1));
	return r;
}

/* Counters below zero give no numbers any more (store_count()), so nothing can be begun here. */
static int close_for_good(struct store *s, const char *url, struct sp_err *err)
{
	autofree char *where = sp_url_masked(url);
	int r = where ? db_write(store_db(s), err,
				 "INSERT INTO identity (name, value) VALUES ('moved_to', $1)",
				 DB_S(where))
		      : sp_fail_nomem(err);

	if (r >= 0)
		r = db_write(store_db(s), err, "UPDATE counters SET value = -1 - value");
	return r < 0 ? r : 0;
}

static int move(struct store *s, void *state, struct sp_err *err)
{
	struct move *m = state;
	struct copy c = { .from = s, .begun = m->begun };
	int r = refuse_running(s, err);

	if (r < 0)
		return r;
	r = run(&c, m->url, err);
	m->begun |= r == 0;
	return r < 0 ? r : close_for_good(s, m->url, err);
}

int store_move_check(struct store *s, const char *url, struct sp_err *err)
{
	auto_(store_close) struct store *to = NULL;
	int r = refuse_running(s, err);

	if (r == 0)
		r = store_open(url, NULL, &to, err);
	return r < 0 ? r : refuse_full(to, err);
}

/* Looked at before the store is held for writing: a server that is not there may take long to say
 * so. */
int store_move(struct store *s, const char *url, struct sp_err *err)
{
	struct move m = { .url = url };
	int r = store_move_check(s, url, err);

	return r < 0 ? r : store_transact(s, move, &m, err);
}
