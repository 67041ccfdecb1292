/* What the files of the PostgreSQL driver share: the connection and its failures. */
#pragma once

#include <libpq-fe.h>

#include "base/mem.h"
#include "control/store/db.h"

#define PG_WORDS_MAX 256 /* of libpq, that are told */

struct pg {
	struct db db;
	PGconn *conn;
	bool broken;              /* to be opened anew, although libpq may not have noticed yet */
	bool late;                /* because the server did not answer in time */
	char first[PG_WORDS_MAX]; /* of libpq, when it was opened; "": it answered */
};

#define PG_ARGS_MAX 24

struct pg_args {
	int n;
	Oid types[PG_ARGS_MAX];
	const char *values[PG_ARGS_MAX];
};

#define pg_of(base) sp_container_of((base), struct pg, db)

static inline void pg_result_free(PGresult *r)
{
	PQclear(r);
}
SP_AUTO(PGresult *, pg_result_free)

/*
 * As PQexec() and PQexecParams() (args NULL: no parameters, several statements): the last result,
 * or NULL when the server was silent for db.answer_ns; the connection is broken then. Whether it
 * has done it is not known.
 */
PGresult *pg_ask(struct pg *pg, const char *sql, const struct pg_args *args);

/* A closed connection is opened again, unless a transaction was open on it. */
int pg_connect(struct pg *pg, struct sp_err *err);
/* The first line of what libpq says; PG_WORDS_MAX. */
void pg_words(const char *message, char *ret);
/* The failure of a statement (result may be NULL) as an error, and as trouble for the caller. */
int pg_refuse(struct pg *pg, const PGresult *result, struct sp_err *err);

int pg_script(struct db *db, const char *sql, struct sp_err *err);

int pg_listen(struct db *db, int *ret_fd, struct sp_err *err);
int pg_heard(struct db *db, struct sp_err *err);
int pg_notify(struct db *db, struct sp_err *err);

int pg_write(struct db *db, const char *sql, const struct db_value *args, struct sp_err *err);
int pg_select(struct db *db, const char *sql, const struct db_value *args, struct db_rows **ret,
	      struct sp_err *err);
int pg_next(struct db_rows *rows, struct sp_err *err);
const char *pg_text(const struct db_rows *rows, int column);
int64_t pg_number(const struct db_rows *rows, int column);
int pg_columns(const struct db_rows *rows);
const char *pg_column(const struct db_rows *rows, int column);
bool pg_is_number(const struct db_rows *rows, int column);
void pg_end(struct db_rows *rows);
