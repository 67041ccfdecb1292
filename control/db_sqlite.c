/*
 * SQLite as a driver: WAL, every commit synced, foreign keys on.
 *
 * Statements are prepared once a connection and kept by the address of their text. A statement that
 * is still being read is not shared: a nested use prepares its own.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "control/db.h"

#define STATEMENTS_MAX  96
#define BUSY_TIMEOUT_MS 15000
#define BUSY_PAUSE_MS   2

struct statement {
	const char *sql;
	sqlite3_stmt *stmt;
	bool busy;
};

struct connection {
	struct db db;
	sqlite3 *handle;
	struct statement cache[STATEMENTS_MAX];
	size_t n_cached;
};

struct rows {
	struct db_rows rows;
	struct connection *conn;
	sqlite3_stmt *stmt;
	struct statement *kept; /* NULL: stmt is ours alone */
};

static int refuse(struct connection *c, int rc, struct sp_err *err)
{
	int extended = c->handle ? sqlite3_extended_errcode(c->handle) : rc;
	enum sp_err_code code = SP_E_SYSTEM;

	if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)
		code = SP_E_EXISTS;
	else if ((extended & 0xff) == SQLITE_CONSTRAINT)
		code = SP_E_CONFLICT;
	else if ((extended & 0xff) == SQLITE_FULL)
		code = SP_E_NO_SPACE;
	else if ((extended & 0xff) == SQLITE_BUSY)
		code = SP_E_TIMEOUT;
	else if ((extended & 0xff) == SQLITE_CORRUPT || (extended & 0xff) == SQLITE_NOTADB)
		code = SP_E_CORRUPT;
	else if ((extended & 0xff) == SQLITE_NOMEM)
		code = SP_E_NO_MEMORY;
	sp_fail(err, code, "store: %s", c->handle ? sqlite3_errmsg(c->handle) : sqlite3_errstr(rc));
	sp_err_at(err, SP_STAGE_STORE);
	return err ? sp_err_return(err) : -5;
}

/* Short pauses: with SQLite's own, which grow to 100 ms, whoever comes fresh is always before who
 * has waited long, and among many writers one starves. */
static int wait_turn(void *owner, int tries)
{
	(void)owner;
	if (tries >= BUSY_TIMEOUT_MS / BUSY_PAUSE_MS)
		return 0;
	sqlite3_sleep(BUSY_PAUSE_MS);
	return 1;
}

static int script(struct db *db, const char *sql, struct sp_err *err)
{
	struct connection *c = sp_container_of(db, struct connection, db);
	int rc = sqlite3_exec(c->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : refuse(c, rc, err);
}

static void connection_close(struct db *db)
{
	struct connection *c = sp_container_of(db, struct connection, db);

	for (size_t i = 0; i < c->n_cached; i++)
		sqlite3_finalize(c->cache[i].stmt);
	sqlite3_close_v2(c->handle);
	free(c);
}

static int connection_open(const char *url, struct db **ret, struct sp_err *err)
{
	const char *path = url + strlen(DB_SQLITE_SCHEME);
	struct connection *c = calloc(1, sizeof(*c));
	int rc, r;

	if (!c)
		return sp_fail_nomem(err);
	c->db.driver = &db_sqlite;
	rc = sqlite3_open_v2(path, &c->handle,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			     NULL);
	if (rc == SQLITE_OK) {
		sqlite3_extended_result_codes(c->handle, 1);
		sqlite3_busy_handler(c->handle, wait_turn, NULL);
		r = script(&c->db,
			   "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			   "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;",
			   err);
	} else {
		r = refuse(c, rc, err);
	}
	if (r < 0) {
		sp_err_prefix(err, "'%s'", path);
		connection_close(&c->db);
		return r;
	}
	*ret = &c->db;
	return 0;
}

static int begin(struct db *db, const char *opening, struct sp_err *err)
{
	(void)opening;
	return script(db, "BEGIN IMMEDIATE", err);
}

static int commit(struct db *db, struct sp_err *err)
{
	return script(db, "COMMIT", err);
}

static void rollback(struct db *db)
{
	struct connection *c = sp_container_of(db, struct connection, db);

	if (!sqlite3_get_autocommit(c->handle))
		sqlite3_exec(c->handle, "ROLLBACK", NULL, NULL, NULL);
}

static struct statement *find_kept(struct connection *c, const char *sql)
{
	for (size_t i = 0; i < c->n_cached; i++)
		if (c->cache[i].sql == sql)
			return &c->cache[i];
	return NULL;
}

/* A prepared statement: a kept one that is idle, a new one that is kept, or one for this use. */
static int acquire(struct connection *c, const char *sql, struct rows *use, struct sp_err *err)
{
	struct statement *kept = find_kept(c, sql);
	int rc;

	if (kept && !kept->busy) {
		kept->busy = true;
		use->kept = kept;
		use->stmt = kept->stmt;
		return 0;
	}
	rc = sqlite3_prepare_v2(c->handle, sql, -1, &use->stmt, NULL);
	if (rc != SQLITE_OK)
		return refuse(c, rc, err);
	if (!kept && c->n_cached < STATEMENTS_MAX) {
		use->kept = &c->cache[c->n_cached++];
		*use->kept = (struct statement){ .sql = sql, .stmt = use->stmt, .busy = true };
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
	return rc == SQLITE_OK ? 0 : refuse(use->conn, rc, err);
}

static int db_sqlite_write(struct db *db, const char *sql, const struct db_value *args,
			   struct sp_err *err)
{
	struct connection *c = sp_container_of(db, struct connection, db);
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
		r = rc == SQLITE_DONE ? sqlite3_changes(c->handle) : refuse(c, rc, err);
	}
	release(&use);
	return r;
}

static void rows_end(struct db_rows *base)
{
	struct rows *use = sp_container_of(base, struct rows, rows);

	release(use);
	free(use);
}

static int db_sqlite_select(struct db *db, const char *sql, const struct db_value *args,
			    struct db_rows **ret, struct sp_err *err)
{
	struct connection *c = sp_container_of(db, struct connection, db);
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
		rows_end(&use->rows);
		return r;
	}
	*ret = &use->rows;
	return 0;
}

static int rows_next(struct db_rows *base, struct sp_err *err)
{
	struct rows *use = sp_container_of(base, struct rows, rows);
	int rc = sqlite3_step(use->stmt);

	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : refuse(use->conn, rc, err);
}

static const char *rows_text(const struct db_rows *base, int column)
{
	const struct rows *use = sp_container_of(base, const struct rows, rows);

	return (const char *)sqlite3_column_text(use->stmt, column);
}

static int64_t rows_number(const struct db_rows *base, int column)
{
	const struct rows *use = sp_container_of(base, const struct rows, rows);

	return sqlite3_column_int64(use->stmt, column);
}

static int rows_columns(const struct db_rows *base)
{
	const struct rows *use = sp_container_of(base, const struct rows, rows);

	return sqlite3_column_count(use->stmt);
}

static const char *rows_column(const struct db_rows *base, int column)
{
	const struct rows *use = sp_container_of(base, const struct rows, rows);

	return sqlite3_column_name(use->stmt, column);
}

static bool rows_is_number(const struct db_rows *base, int column)
{
	const struct rows *use = sp_container_of(base, const struct rows, rows);

	return sqlite3_column_type(use->stmt, column) == SQLITE_INTEGER;
}

/* The first read fixes the moment. */
static int snapshot(struct db *db, struct sp_err *err)
{
	return script(db, "BEGIN; SELECT COUNT(*) FROM schema_version", err);
}

static const char *const checks[] = {
	"SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
	"SELECT 'row ' || rowid || ' of ' || \"table\" || ' refers to a missing row of ' || parent"
	" FROM pragma_foreign_key_check",
	NULL,
};

/* The database is a file of this host. */
static int now(struct db *db, int64_t *ret_ns, struct sp_err *err)
{
	(void)db;
	(void)err;
	*ret_ns = sp_time_real_ns();
	return 0;
}

const struct db_driver db_sqlite = {
	.name = "sqlite",
	.open = connection_open,
	.close = connection_close,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.script = script,
	.write = db_sqlite_write,
	.select = db_sqlite_select,
	.next = rows_next,
	.text = rows_text,
	.number = rows_number,
	.end = rows_end,
	.now = now,
	.columns = rows_columns,
	.column = rows_column,
	.is_number = rows_is_number,
	.snapshot = snapshot,
	.checks = checks,
};
