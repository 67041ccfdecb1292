/*
 * Statements and their rows; see db_sqlite.h. Statements are prepared once a connection and kept by
 * the address of their text. One that is still being read is not shared: a nested use prepares its
 * own.
 */
#include <stdlib.h>

#include "control/store/db_sqlite.h"

struct rows {
	struct db_rows rows;
	struct lite *conn;
	sqlite3_stmt *stmt;
	struct lite_statement *kept; /* NULL: stmt is ours alone */
};

static struct lite_statement *find_kept(struct lite *c, const char *sql)
{
	for (size_t i = 0; i < c->n_cached; i++)
		if (c->cache[i].sql == sql)
			return &c->cache[i];
	return NULL;
}

/* A prepared statement: a kept one that is idle, a new one that is kept, or one for this use. */
static int acquire(struct lite *c, const char *sql, struct rows *use, struct sp_err *err)
{
	struct lite_statement *kept = find_kept(c, sql);
	int rc;

	if (kept && !kept->busy) {
		kept->busy = true;
		use->kept = kept;
		use->stmt = kept->stmt;
		return 0;
	}
	rc = sqlite3_prepare_v2(c->handle, sql, -1, &use->stmt, NULL);
	if (rc != SQLITE_OK)
		return lite_refuse(c, rc, err);
	if (!kept && c->n_cached < LITE_STATEMENTS_MAX) {
		use->kept = &c->cache[c->n_cached++];
		*use->kept = (struct lite_statement){ .sql = sql, .stmt = use->stmt, .busy = true };
	}
	return 0;
}

static void release(struct rows *use)
{
	if (!use->kept) {
		sqlite3_finalize(use->stmt);
		return;
	}
	sqlite3_reset(use->stmt);
	sqlite3_clear_bindings(use->stmt);
	use->kept->busy = false;
}

static int bind_args(struct rows *use, const struct db_value *args, struct sp_err *err)
{
	int rc = SQLITE_OK;

	for (int i = 0; args[i].type != DB_END && rc == SQLITE_OK; i++) {
		char name[8];
		int at;

		sqlite3_snprintf(sizeof(name), name, "$%d", i + 1);
		at = sqlite3_bind_parameter_index(use->stmt, name);
		if (at == 0)
			return sp_fail(err, SP_E_INTERNAL, "store: no parameter %s", name);
		if (args[i].type == DB_INT)
			rc = sqlite3_bind_int64(use->stmt, at, args[i].i);
		else if (args[i].type == DB_TEXT)
			rc = sqlite3_bind_text(use->stmt, at, args[i].s, -1, SQLITE_TRANSIENT);
		else
			rc = sqlite3_bind_null(use->stmt, at);
	}
	return rc == SQLITE_OK ? 0 : lite_refuse(use->conn, rc, err);
}

int lite_write(struct db *db, const char *sql, const struct db_value *args, struct sp_err *err)
{
	struct lite *c = sp_container_of(db, struct lite, db);
	struct rows use = { .conn = c };
	int r = acquire(c, sql, &use, err);
	int rc;

	if (r < 0)
		return r;
	r = bind_args(&use, args, err);
	if (r == 0) {
		do
			rc = sqlite3_step(use.stmt);
		while (rc == SQLITE_ROW);
		r = rc == SQLITE_DONE ? sqlite3_changes(c->handle) : lite_refuse(c, rc, err);
	}
	release(&use);
	return r;
}

void lite_end(struct db_rows *base)
{
	struct rows *use = sp_container_of(base, struct rows, rows);

	release(use);
	free(use);
}

int lite_select(struct db *db, const char *sql, const struct db_value *args, struct db_rows **ret,
		struct sp_err *err)
{
	struct lite *c = sp_container_of(db, struct lite, db);
	struct rows *use = calloc(1, sizeof(*use));
	int r;

	if (!use)
		return sp_fail_nomem(err);
	*use = (struct rows){ .rows.driver = &db_sqlite, .conn = c };
	r = acquire(c, sql, use, err);
	if (r < 0) {
		free(use);
		return r;
	}
	r = bind_args(use, args, err);
	if (r < 0) {
		lite_end(&use->rows);
		return r;
	}
	*ret = &use->rows;
	return 0;
}

int lite_next(struct db_rows *base, struct sp_err *err)
{
	struct rows *use = sp_container_of(base, struct rows, rows);
	int rc = sqlite3_step(use->stmt);

	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : lite_refuse(use->conn, rc, err);
}

const char *lite_text(const struct db_rows *base, int column)
{
	const struct rows *use = sp_container_of(base, const struct rows, rows);

	return (const char *)sqlite3_column_text(use->stmt, column);
}

int64_t lite_number(const struct db_rows *base, int column)
{
	const struct rows *use = sp_container_of(base, const struct rows, rows);

	return sqlite3_column_int64(use->stmt, column);
}

int lite_columns(const struct db_rows *base)
{
	const struct rows *use = sp_container_of(base, const struct rows, rows);

	return sqlite3_column_count(use->stmt);
}

const char *lite_column(const struct db_rows *base, int column)
{
	const struct rows *use = sp_container_of(base, const struct rows, rows);

	return sqlite3_column_name(use->stmt, column);
}

bool lite_is_number(const struct db_rows *base, int column)
{
	const struct rows *use = sp_container_of(base, const struct rows, rows);

	return sqlite3_column_type(use->stmt, column) == SQLITE_INTEGER;
}
