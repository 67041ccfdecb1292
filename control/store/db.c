/* Database connections by driver; see db.h. */
#include "control/store/db.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/time.h"

#define PAUSE_FIRST_NS (20 * SP_NS_PER_MS)
#define PAUSE_MAX_NS   (500 * SP_NS_PER_MS)

static const struct {
	const char *start;
	const struct db_driver *driver;
} schemes[] = {
	{ DB_SQLITE_SCHEME, &db_sqlite },
	{ "postgresql://", &db_postgres },
	{ "postgres://", &db_postgres },
};

/* The scheme alone is quoted: what follows may hold a password. */
static const struct db_driver *driver_of(const char *url, struct sp_err *err)
{
	for (size_t i = 0; i < SP_COUNT(schemes); i++)
		if (sp_str_starts(url, schemes[i].start))
			return schemes[i].driver;
	sp_fail(err, SP_E_INVALID,
		"no store back end for '%.*s'; there are sqlite:/path and postgresql://...",
		(int)strcspn(url, ":/@"), url);
	return NULL;
}

int db_url_check(const char *url, struct sp_err *err)
{
	const struct db_driver *driver = driver_of(url, err);

	if (!driver)
		return -EINVAL;
	return driver->check_url ? driver->check_url(url, err) : 0;
}

int db_open(const char *url, struct db **ret, struct sp_err *err)
{
	const struct db_driver *driver = driver_of(url, err);
	int r = driver ? driver->open(url, ret, err) : -EINVAL;

	if (r < 0)
		return r;
	(*ret)->patience_ns = DB_PATIENCE_NS;
	(*ret)->answer_ns = DB_ANSWER_NS;
	return 0;
}

bool db_retry(struct db *db, struct db_retry *retry)
{
	int64_t now = sp_time_mono_ns();
	struct timespec pause;

	if (db->trouble == DB_FINE || db->reading)
		return false;
	if (!retry->until_ns)
		*retry = (struct db_retry){ now + db->patience_ns, PAUSE_FIRST_NS };
	if (now + retry->pause_ns > retry->until_ns)
		return false;
	pause = (struct timespec){ .tv_nsec = retry->pause_ns };
	nanosleep(&pause, NULL);
	if (retry->pause_ns * 2 <= PAUSE_MAX_NS)
		retry->pause_ns *= 2;
	return true;
}

void db_close(struct db *db)
{
	if (db)
		db->driver->close(db);
}

int db_begin(struct db *db, const char *opening, struct sp_err *err)
{
	int r;

	db->trouble = DB_FINE;
	r = db->driver->begin(db, opening, err);
	db->writing = r == 0;
	return r;
}

int db_commit(struct db *db, struct sp_err *err)
{
	int r = db->driver->commit(db, err);

	db->writing = false;
	return r;
}

void db_rollback(struct db *db)
{
	db->writing = db->reading = false;
	db->driver->rollback(db);
}

int db_snapshot(struct db *db, struct sp_err *err)
{
	int r = db->driver->snapshot(db, err);

	db->reading = r == 0;
	return r;
}

bool db_has_others(const struct db *db)
{
	return db->driver->listen != NULL;
}

int db_listen(struct db *db, int *ret_fd, struct sp_err *err)
{
	return db->driver->listen(db, ret_fd, err);
}

int db_heard(struct db *db, struct sp_err *err)
{
	return db->driver->heard(db, err);
}

int db_notify(struct db *db, struct sp_err *err)
{
	return db->driver->notify(db, err);
}

int db_now(struct db *db, int64_t *ret_ns, struct sp_err *err)
{
	return db->driver->now(db, ret_ns, err);
}

int db_present(struct db *db, struct sp_err *err)
{
	return db->driver->present ? db->driver->present(db, err) : 0;
}

int db_script(struct db *db, const char *sql, struct sp_err *err)
{
	return db->driver->script(db, sql, err);
}

static int refuse_write(const char *sql, struct sp_err *err)
{
	return sp_fail(err, SP_E_INTERNAL, "store: '%.40s...' outside of a transaction", sql);
}

int db_write_args(struct db *db, const char *sql, const struct db_value *args, struct sp_err *err)
{
	if (!db->writing)
		return refuse_write(sql, err);
	return db->driver->write(db, sql, args, err);
}

int db_select_args(struct db *db, const char *sql, const struct db_value *args,
		   struct db_rows **ret, struct sp_err *err)
{
	struct db_retry retry = { 0 };
	struct sp_err why = { 0 };
	int r;

	if (db->writing)
		return db->driver->select(db, sql, args, ret, err);
	if (!sp_str_starts(sql, "SELECT"))
		return refuse_write(sql, err);
	do {
		db->trouble = DB_FINE;
		r = db->driver->select(db, sql, args, ret, &why);
	} while (r < 0 && db_retry(db, &retry));
	if (r < 0 && err)
		*err = why;
	return r;
}

int db_next(struct db_rows *rows, struct sp_err *err)
{
	return rows->driver->next(rows, err);
}

const char *db_text(const struct db_rows *rows, int column)
{
	return rows->driver->text(rows, column);
}

int64_t db_number(const struct db_rows *rows, int column)
{
	return rows->driver->number(rows, column);
}

int db_columns(const struct db_rows *rows)
{
	return rows->driver->columns(rows);
}

const char *db_column(const struct db_rows *rows, int column)
{
	return rows->driver->column(rows, column);
}

bool db_is_number(const struct db_rows *rows, int column)
{
	return rows->driver->is_number(rows, column);
}

void db_rows_end(struct db_rows *rows)
{
	if (rows)
		rows->driver->end(rows);
}

char *db_text_copy(const struct db_rows *rows, int column)
{
	const char *s = db_text(rows, column);

	return strdup(s ? s : "");
}

void db_text_into(const struct db_rows *rows, int column, char *ret, size_t room)
{
	const char *s = db_text(rows, column);

	snprintf(ret, room, "%s", s ? s : "");
}
