/*
 * PostgreSQL as a driver, over libpq: alone, behind PgBouncer in transaction mode, or whatever
 * speaks its protocol. So nothing outlives a transaction: statements are unnamed, settings are
 * local, and there are no session locks.
 *
 * A transaction begins with the caller's opening statements in the same round trip; there writers
 * take a row lock and so wait for each other, as they do in SQLite. One that waits too long gives
 * up, and one that falls asleep in the middle (a stopped process) is ended by the server.
 */
#include "control/store/db_postgres.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"

#define OPENING                                  \
	"BEGIN; SET LOCAL lock_timeout = '15s';" \
	" SET LOCAL idle_in_transaction_session_timeout = '15s'; "

static void drop_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

static void connection_close(struct db *db)
{
	struct pg *pg = pg_of(db);

	PQfinish(pg->conn);
	free(pg);
}

/* Later words of the URL win over these; a server that does not answer is found out in seconds. */
static PGconn *connect_to(const char *url)
{
	static const char *const keys[] = { "connect_timeout", "tcp_user_timeout",
					    "client_encoding", "fallback_application_name",
					    "dbname",          NULL };
	const char *const values[] = { "5", "15000", "UTF8", "controld", url, NULL };

	return PQconnectdbParams(keys, values, 1);
}

/* A piece of a password that was not encoded ends up in one of these. */
static bool is_plain(const PQconninfoOption *o)
{
	if (!o->val)
		return true;
	if (!strcmp(o->keyword, "port"))
		return !o->val[strspn(o->val, "0123456789,")];
	return strcmp(o->keyword, "host") != 0 || *o->val == '/' || !strchr(o->val, '@');
}

/* libpq's own words would quote what it could not read, and that may be a piece of the password. */
static int check_url(const char *url, struct sp_err *err)
{
	char *words = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &words), *o = options;
	bool good = options != NULL;

	for (; good && o->keyword; o++)
		good = is_plain(o);
	PQfreemem(words);
	PQconninfoFree(options);
	if (good)
		return 0;
	return sp_fail(err, SP_E_INVALID,
		       "the url of the store cannot be read: '@', ':', '/' and '%%' in a password"
		       " are written %%40, %%3A, %%2F and %%25");
}

/* One that does not answer yet may do so when it is first used. */
static int connection_open(const char *url, struct db **ret, struct sp_err *err)
{
	struct pg *pg = NULL;
	int r = check_url(url, err);

	if (r < 0)
		return r;
	pg = calloc(1, sizeof(*pg));
	if (!pg)
		return sp_fail_nomem(err);
	pg->db.driver = &db_postgres;
	pg->conn = connect_to(url);
	if (!pg->conn) {
		free(pg);
		return sp_fail_nomem(err);
	}
	PQsetNoticeReceiver(pg->conn, drop_notice, NULL);
	pg_words(PQerrorMessage(pg->conn), pg->first);
	*ret = &pg->db;
	return 0;
}

int pg_script(struct db *db, const char *sql, struct sp_err *err)
{
	struct pg *pg = pg_of(db);
	auto_(pg_result_free) PGresult *result = NULL;
	ExecStatusType status;
	int r = pg_connect(pg, err);

	if (r < 0)
		return r;
	result = pg_ask(pg, sql, NULL);
	status = PQresultStatus(result);
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return 0;
	return pg_refuse(pg, result, err);
}

static void rollback(struct db *db)
{
	struct pg *pg = pg_of(db);

	if (!pg->broken && PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
		PQclear(pg_ask(pg, "ROLLBACK", NULL));
}

static int begin(struct db *db, const char *opening, struct sp_err *err)
{
	autofree char *sql = sp_str_format(OPENING "%s", opening);
	int r = sql ? pg_script(db, sql, err) : sp_fail_nomem(err);

	if (r < 0)
		rollback(db);
	return r;
}

/* The server answers ROLLBACK to the COMMIT of a transaction in which a statement failed. */
static int commit(struct db *db, struct sp_err *err)
{
	struct pg *pg = pg_of(db);
	auto_(pg_result_free) PGresult *result = pg_ask(pg, "COMMIT", NULL);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		return pg_refuse(pg, result, err);
	if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
		return sp_fail(err, SP_E_INTERNAL, "store: commit of a transaction that failed");
	return 0;
}

static int now(struct db *db, int64_t *ret_ns, struct sp_err *err)
{
	struct db_rows *rows = NULL;
	int r = db_select(db, &rows, err,
			  "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint");

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		*ret_ns = db_number(rows, 0) * 1000;
	db_rows_end(rows);
	return r < 0 ? r : 0;
}

static int snapshot(struct db *db, struct sp_err *err)
{
	return pg_script(db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
}

/* The server's own pages are checksummed and its references always checked. */
static const char *const checks[] = { NULL };

const struct db_driver db_postgres = {
	.name = "postgresql",
	.check_url = check_url,
	.open = connection_open,
	.close = connection_close,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.script = pg_script,
	.write = pg_write,
	.select = pg_select,
	.next = pg_next,
	.text = pg_text,
	.number = pg_number,
	.end = pg_end,
	.now = now,
	.columns = pg_columns,
	.column = pg_column,
	.is_number = pg_is_number,
	.snapshot = snapshot,
	.checks = checks,
	.listen = pg_listen,
	.heard = pg_heard,
	.notify = pg_notify,
};
