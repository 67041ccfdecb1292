/* SQLite as a driver: WAL, every commit synced, foreign keys on. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "control/store/db_sqlite.h"

#define BUSY_TIMEOUT_MS 15000
#define BUSY_PAUSE_MS   2

static const char *file_of(const struct lite *c)
{
	const char *file = c->handle ? sqlite3_db_filename(c->handle, "main") : NULL;

	return file ? file : c->opening;
}

/* What is wrong with the file or its disk names it, and says what the system said. */
static void refuse(struct lite *c, enum sp_err_code code, int rc, struct sp_err *err)
{
	const char *words = c->handle ? sqlite3_errmsg(c->handle) : sqlite3_errstr(rc);
	int primary = rc & 0xff, system = c->handle ? sqlite3_system_errno(c->handle) : 0;

	if (code == SP_E_CORRUPT)
		sp_fail(err, code, "store '%s': %s; stop controld and go back to a backup",
			file_of(c), words);
	else if ((primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) && system)
		sp_fail(err, code, "store '%s': %s: %s", file_of(c), words, strerror(system));
	else
		sp_fail(err, code, "store: %s", words);
}

int lite_refuse(struct lite *c, int rc, struct sp_err *err)
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
	refuse(c, code, rc, err);
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
	struct lite *c = sp_container_of(db, struct lite, db);
	int rc = sqlite3_exec(c->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : lite_refuse(c, rc, err);
}

static void connection_close(struct db *db)
{
	struct lite *c = sp_container_of(db, struct lite, db);

	for (size_t i = 0; i < c->n_cached; i++)
		sqlite3_finalize(c->cache[i].stmt);
	sqlite3_close_v2(c->handle);
	free(c);
}

/* A file that is made is its owner's alone, and so are the log and the index beside it, which take
 * over its mode. Only one that is not there is opened here: closing another would give up the locks
 * that this process has on it. */
static void make_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

static int connection_open(const char *url, struct db **ret, struct sp_err *err)
{
	const char *path = url + strlen(DB_SQLITE_SCHEME);
	struct lite *c = calloc(1, sizeof(*c));
	int rc, r;

	if (!c)
		return sp_fail_nomem(err);
	c->db.driver = &db_sqlite;
	c->opening = path;
	make_private(path);
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
		r = lite_refuse(c, rc, err);
	}
	if (r < 0) {
		connection_close(&c->db);
		return r;
	}
	c->opening = "";
	*ret = &c->db;
	return 0;
}

static int present(struct db *db, struct sp_err *err)
{
	struct lite *c = sp_container_of(db, struct lite, db);
	int moved = 0, rc = sqlite3_file_control(c->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved);

	if (rc != SQLITE_OK)
		return lite_refuse(c, rc, err);
	if (!moved)
		return 0;
	sp_fail(err, SP_E_CORRUPT,
		"store '%s' was removed or replaced while it was in use; put it right and start "
		"controld again",
		file_of(c));
	sp_err_at(err, SP_STAGE_STORE);
	return sp_err_return(err);
}

static int begin(struct db *db, const char *opening, struct sp_err *err)
{
	int r = present(db, err);

	(void)opening;
	return r < 0 ? r : script(db, "BEGIN IMMEDIATE", err);
}

static int commit(struct db *db, struct sp_err *err)
{
	return script(db, "COMMIT", err);
}

static void rollback(struct db *db)
{
	struct lite *c = sp_container_of(db, struct lite, db);

	if (!sqlite3_get_autocommit(c->handle))
		sqlite3_exec(c->handle, "ROLLBACK", NULL, NULL, NULL);
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
	.write = lite_write,
	.select = lite_select,
	.next = lite_next,
	.text = lite_text,
	.number = lite_number,
	.end = lite_end,
	.now = now,
	.present = present,
	.columns = lite_columns,
	.column = lite_column,
	.is_number = lite_is_number,
	.snapshot = snapshot,
	.checks = checks,
};
