/*
 * Every journal write of this process, seen as it happens: a transaction that changes operations or
 * steps, right before its COMMIT is sent and right after it is done; on SQLite by its trace, on
 * PostgreSQL by standing in front of libpq.
 */
#pragma once

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/str.h"

/* number: of the write, from 1 */
typedef void (*journal_fn)(int number, bool committed);

static journal_fn journal_told;
static atomic_int journal_writes;   /* so far */
static __thread bool journal_open;  /* this thread's transaction touches the journal */
static __thread int journal_number; /* of the write that this thread commits */

static inline bool journal_is_write(const char *sql)
{
	return sp_str_starts(sql, "UPDATE operations SET") || sp_str_starts(sql, "UPDATE steps") ||
	       sp_str_starts(sql, "INSERT INTO steps");
}

static inline void journal_note(const char *sql)
{
	if (sp_str_starts(sql, "BEGIN"))
		journal_open = false;
	if (journal_is_write(sql))
		journal_open = true;
}

static inline void journal_before(void)
{
	journal_number = ++journal_writes;
	if (journal_told)
		journal_told(journal_number, false);
}

static inline void journal_after(void)
{
	journal_open = false;
	if (journal_told)
		journal_told(journal_number, true);
}

static inline int journal_trace(unsigned int what, void *ctx, void *stmt, void *x)
{
	const char *sql = sqlite3_sql(stmt);
	bool begins = what == SQLITE_TRACE_STMT;

	(void)ctx;
	(void)x;
	if (begins)
		journal_note(sql);
	if (!journal_open || !sp_str_eq(sql, "COMMIT"))
		return 0;
	if (begins)
		journal_before();
	else
		journal_after();
	return 0;
}

static inline int journal_hook(sqlite3 *db, char **message, const void *api)
{
	(void)message;
	(void)api;
	sqlite3_trace_v2(db, SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, journal_trace, NULL);
	return 0;
}

/* The commit that this thread has sent is not answered yet. */
static __thread bool journal_sent;

int PQsendQuery(PGconn *conn, const char *sql)
{
	int (*real)(PGconn *, const char *) = dlsym(RTLD_NEXT, "PQsendQuery");

	journal_note(sql);
	if (journal_open && sp_str_eq(sql, "COMMIT")) {
		journal_before();
		journal_sent = true;
	}
	return real(conn, sql);
}

int PQsendQueryParams(PGconn *conn, const char *sql, int n, const Oid *types,
		      const char *const *values, const int *lengths, const int *formats,
		      int result_format)
{
	int (*real)(PGconn *, const char *, int, const Oid *, const char *const *, const int *,
		    const int *, int) = dlsym(RTLD_NEXT, "PQsendQueryParams");

	journal_note(sql);
	return real(conn, sql, n, types, values, lengths, formats, result_format);
}

/* NULL follows the last result. */
PGresult *PQgetResult(PGconn *conn)
{
	PGresult *(*real)(PGconn *) = dlsym(RTLD_NEXT, "PQgetResult");
	PGresult *result = real(conn);

	if (!result && journal_sent) {
		journal_sent = false;
		journal_after();
	}
	return result;
}

/* From now on; before any connection is opened. */
static inline void journal_watch(journal_fn told)
{
	journal_told = told;
	sqlite3_auto_extension((void (*)(void))journal_hook);
}
