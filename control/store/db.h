/*
 * A database connection, reduced to what the store needs of one: transactions, statements with
 * parameters, rows. A driver is a table of functions; everything above is written once, in SQL that
 * every driver reads ($1, $2 ... in order of first use, TEXT and BIGINT, ON CONFLICT, RETURNING).
 *
 * A connection belongs to one thread at a time. Rows are read while they are open; close them
 * before the transaction ends.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

enum db_type { DB_END, DB_NULL, DB_INT, DB_TEXT };

struct db_value {
	enum db_type type;
	int64_t i;
	const char *s;
};

#define DB_I(v) ((struct db_value){ .type = DB_INT, .i = (int64_t)(v) })

/* NULL is the database's NULL. */
static inline struct db_value db_value_of(const char *s)
{
	return (struct db_value){ .type = s ? DB_TEXT : DB_NULL, .s = s };
}
#define DB_S(v) db_value_of(v)

struct db_driver;

/* What follows from a failure, besides the error itself. */
enum db_trouble {
	DB_FINE,
	DB_AGAIN, /* the engine gave this transaction up in favour of another: it may be run again
		   */
	DB_LOST,  /* the connection is gone; whether a commit was done is not known */
};

struct db {
	const struct db_driver *driver;
	bool writing;            /* a transaction is open */
	bool reading;            /* a snapshot is */
	enum db_trouble trouble; /* of the last failure */
	int64_t patience_ns;     /* how long to try again for, when there is trouble */
	int64_t answer_ns;       /* how long a server may be silent over one statement */
};

struct db_rows {
	const struct db_driver *driver;
};

struct db_driver {
	const char *name;                                      /* "sqlite" */
	int (*check_url)(const char *url, struct sp_err *err); /* NULL: any will do */
	int (*open)(const char *url, struct db **ret, struct sp_err *err);
	void (*close)(struct db *db);
	int (*begin)(struct db *db, const char *opening, struct sp_err *err);
	int (*commit)(struct db *db, struct sp_err *err);
	void (*rollback)(struct db *db); /* harmless outside of a transaction */
	int (*script)(struct db *db, const char *sql, struct sp_err *err);
	int (*write)(struct db *db, const char *sql, const struct db_value *args,
		     struct sp_err *err);
	int (*select)(struct db *db, const char *sql, const struct db_value *args,
		      struct db_rows **ret, struct sp_err *err);
	int (*next)(struct db_rows *rows, struct sp_err *err);
	const char *(*text)(const struct db_rows *rows, int column);
	int64_t (*number)(const struct db_rows *rows, int column);
	int (*columns)(const struct db_rows *rows);
	const char *(*column)(const struct db_rows *rows, int column); /* its name */
	bool (*is_number)(const struct db_rows *rows, int column);
	void (*end)(struct db_rows *rows);
	int (*snapshot)(struct db *db, struct sp_err *err);
	const char *const *checks; /* selects that give a line of text for each thing broken */
	int (*now)(struct db *db, int64_t *ret_ns, struct sp_err *err);
	/* NULL where a database cannot be taken away from under a connection. */
	int (*present)(struct db *db, struct sp_err *err);
	/* Hints between connections; NULL where a database is one program's. */
	int (*listen)(struct db *db, int *ret_fd, struct sp_err *err);
	int (*heard)(struct db *db, struct sp_err *err);
	int (*notify)(struct db *db, struct sp_err *err);
};

extern const struct db_driver db_sqlite, db_postgres;

#define DB_SQLITE_SCHEME "sqlite:"
#define DB_PATIENCE_NS   (INT64_C(30) * 1000000000)
#define DB_ANSWER_NS     (INT64_C(30) * 1000000000) /* longer than any lock is waited for */

/* "sqlite:/var/lib/stackpilot/control/store.db", "postgresql://user@host/name" as libpq reads it.
 */
int db_open(const char *url, struct db **ret, struct sp_err *err);
void db_close(struct db *db); /* takes NULL */

/*
 * A transaction for writing: one at a time, the others wait. opening: statements that make them
 * wait in an engine where BEGIN does not (they lock a row); SQLite does not read them.
 */
int db_begin(struct db *db, const char *opening, struct sp_err *err);
int db_commit(struct db *db, struct sp_err *err);
void db_rollback(struct db *db);

/* Trying again after trouble: with growing pauses, until the connection's patience is over. */
struct db_retry {
	int64_t until_ns, pause_ns;
};
/* True, after a pause: try again. */
bool db_retry(struct db *db, struct db_retry *retry);

/* Reading as of one moment, until db_rollback(). A lost connection ends it. */
int db_snapshot(struct db *db, struct sp_err *err);

/* The database is still the one that was opened: SP_E_CORRUPT when its file was removed or another
 * was put in its place, and what is written now would be lost. */
int db_present(struct db *db, struct sp_err *err);

/* Whether db_open() could read it; nothing is opened. */
int db_url_check(const char *url, struct sp_err *err);

/* Others may have the same database open (or never do). */
bool db_has_others(const struct db *db);
/* Hints to and from the others. *ret_fd becomes readable when there is one; it is -1 when none can
 * get through, and then there is only looking. */
int db_listen(struct db *db, int *ret_fd, struct sp_err *err);
int db_heard(struct db *db, struct sp_err *err); /* how many came since it was last asked */
int db_notify(struct db *db, struct sp_err *err);

int db_now(struct db *db, int64_t *ret_ns, struct sp_err *err);    /* the engine's clock */
int db_script(struct db *db, const char *sql, struct sp_err *err); /* several, no parameters */

/*
 * Writing is done in a transaction, always: a commit whose outcome is not known can then be settled
 * and run again (store_transact()). The same holds for a select that writes (INSERT ... RETURNING).
 * After an error the transaction can only be rolled back.
 *
 * Returns the number of rows changed. A broken unique rule is SP_E_EXISTS, a broken reference
 * SP_E_CONFLICT. sql must be a literal: statements are kept by its address.
 */
int db_write_args(struct db *db, const char *sql, const struct db_value *args, struct sp_err *err);
#ifdef SP_CPPCHECK /* which does not know __VA_OPT__ */
int db_write(struct db *db, struct sp_err *err, const char *sql, ...);
#else
#define db_write(db, err, sql, ...)                                                              \
	db_write_args((db), (sql),                                                               \
		      (const struct db_value[]){ __VA_ARGS__ __VA_OPT__(, ){ .type = DB_END } }, \
		      (err))
#endif

int db_select_args(struct db *db, const char *sql, const struct db_value *args,
		   struct db_rows **ret, struct sp_err *err);
#ifdef SP_CPPCHECK
int db_select(struct db *db, struct db_rows **ret, struct sp_err *err, const char *sql, ...);
#else
#define db_select(db, ret, err, sql, ...)                                                         \
	db_select_args((db), (sql),                                                               \
		       (const struct db_value[]){ __VA_ARGS__ __VA_OPT__(, ){ .type = DB_END } }, \
		       (ret), (err))
#endif
int db_next(struct db_rows *rows, struct sp_err *err);       /* 1: a row; 0: the end */
const char *db_text(const struct db_rows *rows, int column); /* NULL for NULL; until db_next() */
int64_t db_number(const struct db_rows *rows, int column);   /* 0 for NULL */
int db_columns(const struct db_rows *rows);
const char *db_column(const struct db_rows *rows, int column); /* its name */
bool db_is_number(const struct db_rows *rows, int column);
void db_rows_end(struct db_rows *rows); /* takes NULL */
SP_AUTO(struct db_rows *, db_rows_end)

/* A copy of a column on the heap ("" for NULL); NULL when out of memory. */
char *db_text_copy(const struct db_rows *rows, int column);
/* A copy into a fixed array; what does not fit was never let in. */
void db_text_into(const struct db_rows *rows, int column, char *ret, size_t room);
