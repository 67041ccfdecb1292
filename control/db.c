/* Database connections by driver; see db.h. */
#include "control/db.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const struct db_driver *const drivers[] = { &db_sqlite };

int db_open(const char *url, struct db **ret, struct sp_err *err)
{
	const char *colon = strchr(url, ':');
	size_t len = colon ? (size_t)(colon - url) : 0;

	for (size_t i = 0; i < SP_COUNT(drivers); i++)
		if (len && strlen(drivers[i]->scheme) == len &&
		    !strncmp(url, drivers[i]->scheme, len))
			return drivers[i]->open(colon + 1, ret, err);
	return sp_fail(err, SP_E_INVALID, "no store back end for '%s'; it reads sqlite:/path", url);
}

void db_close(struct db *db)
{
	if (db)
		db->driver->close(db);
}

int db_begin(struct db *db, struct sp_err *err)
{
	int r = db->driver->begin(db, err);

	db->writing = r == 0;
	return r;
}

int db_commit(struct db *db, struct sp_err *err)
{
	db->writing = false;
	return db->driver->commit(db, err);
}

void db_rollback(struct db *db)
{
	db->writing = false;
	db->driver->rollback(db);
}

int db_now(struct db *db, int64_t *ret_ns, struct sp_err *err)
{
	return db->driver->now(db, ret_ns, err);
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
	if (!db->writing && !sp_str_starts(sql, "SELECT"))
		return refuse_write(sql, err);
	return db->driver->select(db, sql, args, ret, err);
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
