/*
 * NOTIFY and LISTEN; see db_postgres.h. A pooler that lends its server connections for one
 * transaction passes neither on reliably; it gives itself away by another backend's number than the
 * one it told at the start.
 */
#include "base/str.h"
#include "control/store/db_postgres.h"

#define CHANNEL "stackpilot_commits"

/* 1: the session is ours alone. */
static int owns_session(struct pg *pg, struct sp_err *err)
{
	struct db_rows *rows = NULL;
	int r = db_select(&pg->db, &rows, err, "SELECT pg_backend_pid()");

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		r = db_number(rows, 0) == PQbackendPID(pg->conn);
	db_rows_end(rows);
	return r;
}

int pg_listen(struct db *db, int *ret_fd, struct sp_err *err)
{
	struct pg *pg = pg_of(db);
	int r = owns_session(pg, err);

	*ret_fd = -1;
	if (r != 1)
		return r;
	r = pg_script(db, "LISTEN " CHANNEL, err);
	if (r == 0)
		*ret_fd = PQsocket(pg->conn);
	return r;
}

int pg_heard(struct db *db, struct sp_err *err)
{
	struct pg *pg = pg_of(db);
	PGnotify *hint;
	int n = 0;

	if (!PQconsumeInput(pg->conn))
		return pg_refuse(pg, NULL, err);
	while ((hint = PQnotifies(pg->conn))) {
		n += hint->be_pid != PQbackendPID(pg->conn);
		PQfreemem(hint);
	}
	return n;
}

int pg_notify(struct db *db, struct sp_err *err)
{
	struct pg *pg = pg_of(db);

	if (PQstatus(pg->conn) != CONNECTION_OK || pg->broken)
		return pg_refuse(pg, NULL, err);
	return pg_script(db, "NOTIFY " CHANNEL, err);
}
