/*
 * What PostgreSQL refuses, as our errors; and connections that broke. See db_postgres.h and the
 * table of SQLSTATEs in appendix A of PostgreSQL's manual.
 */
#include <string.h>

#include "base/str.h"
#include "control/store/db_postgres.h"

#define TOO_MANY "53300"

/* The first prefix that fits counts. */
static const struct {
	const char *state;
	enum sp_err_code code;
	enum db_trouble trouble;
} meanings[] = {
	{ "23505", SP_E_EXISTS, DB_FINE },       /* unique_violation */
	{ "23", SP_E_CONFLICT, DB_FINE },        /* other integrity constraints */
	{ "22021", SP_E_INVALID, DB_FINE },      /* character_not_in_repertoire: no UTF-8 */
	{ "40001", SP_E_CONFLICT, DB_AGAIN },    /* serialization_failure */
	{ "40P01", SP_E_CONFLICT, DB_AGAIN },    /* deadlock_detected */
	{ "08", SP_E_UNREACHABLE, DB_LOST },     /* connection exceptions, PgBouncer's too */
	{ "57P", SP_E_UNREACHABLE, DB_LOST },    /* shutdown, crash, starting up */
	{ "25P03", SP_E_UNREACHABLE, DB_LOST },  /* slept in a transaction */
	{ "25006", SP_E_UNREACHABLE, DB_LOST },  /* a standby: the primary is elsewhere now */
	{ TOO_MANY, SP_E_UNREACHABLE, DB_LOST }, /* too_many_connections */
	{ "53100", SP_E_NO_SPACE, DB_FINE },     /* disk_full */
	{ "53200", SP_E_NO_MEMORY, DB_FINE },    /* out_of_memory */
	{ "55P03", SP_E_TIMEOUT, DB_FINE },      /* lock_not_available: lock_timeout */
	{ "57014", SP_E_TIMEOUT, DB_FINE },      /* query_canceled: statement_timeout */
	{ "XX001", SP_E_CORRUPT, DB_FINE },      /* data_corrupted */
	{ "XX002", SP_E_CORRUPT, DB_FINE },      /* index_corrupted */
	{ "", SP_E_SYSTEM, DB_FINE },
};

/* libpq's messages are lines that end; ours are not. */
void pg_words(const char *message, char *ret)
{
	size_t len = strcspn(message, "\n");

	snprintf(ret, PG_WORDS_MAX, "%.*s", (int)(len < PG_WORDS_MAX ? len : PG_WORDS_MAX - 1),
		 message);
}

int pg_refuse(struct pg *pg, const PGresult *result, struct sp_err *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	char text[PG_WORDS_MAX];
	size_t i = 0;
	int r;

	if (!state) /* libpq's own words: the server did not say anything */
		state = "08";
	while (!sp_str_starts(state, meanings[i].state))
		i++;
	pg->db.trouble = meanings[i].trouble;
	if (PQstatus(pg->conn) == CONNECTION_BAD)
		pg->db.trouble = DB_LOST;
	if (pg->late)
		primary = "the server does not answer";
	pg->broken = pg->db.trouble == DB_LOST;
	pg_words(primary ? primary : PQerrorMessage(pg->conn), text);
	r = sp_fail(err, meanings[i].code, "store: %s", text);
	sp_err_at(err, SP_STAGE_STORE);
	return r;
}

static bool answers(const struct pg *pg)
{
	static const char *const keys[] = { "host", "port", "connect_timeout", NULL };
	const char *const values[] = { PQhost(pg->conn), PQport(pg->conn), "2", NULL };

	return PQpingParams(keys, values, 0) == PQPING_OK;
}

/* Verbose words have the SQLSTATE, which libpq does not tell of a connection that was refused. */
static bool reconnect(struct pg *pg)
{
	PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
	PQreset(pg->conn);
	PQsetErrorVerbosity(pg->conn, PQERRORS_DEFAULT);
	pg->broken = PQstatus(pg->conn) != CONNECTION_OK;
	pg->late = false;
	return !pg->broken;
}

/* Options that it cannot make whole ("local user with ID 7700 does not exist") leave libpq nothing
 * to try with; it said so when it was opened, and then no more. */
static bool never_can(const struct pg *pg)
{
	return !*PQerrorMessage(pg->conn);
}

static int refuse_connection(struct pg *pg, bool lost, struct sp_err *err)
{
	char text[PG_WORDS_MAX];
	int r;

	pg_words(never_can(pg) ? pg->first : PQerrorMessage(pg->conn), text);
	pg->db.trouble = lost ? DB_LOST : DB_FINE;
	r = sp_fail(err, lost ? SP_E_UNREACHABLE : SP_E_DENIED, "store: %s", text);
	sp_err_at(err, SP_STAGE_STORE);
	return r;
}

/* The server has no room for another connection now: "FATAL:  53300: sorry, too many clients". */
static bool is_full(const struct pg *pg)
{
	return strstr(PQerrorMessage(pg->conn), " " TOO_MANY ": ") != NULL;
}

/* A server that lets us not in although it answers, before and after, will not change its mind. */
int pg_connect(struct pg *pg, struct sp_err *err)
{
	if (PQstatus(pg->conn) == CONNECTION_OK && !pg->broken)
		return 0;
	if (pg->db.writing)
		return pg_refuse(pg, NULL, err);
	if (reconnect(pg))
		return 0;
	if (never_can(pg))
		return refuse_connection(pg, false, err);
	if (is_full(pg) || !answers(pg))
		return refuse_connection(pg, true, err);
	return reconnect(pg) ? 0 : refuse_connection(pg, is_full(pg) || !answers(pg), err);
}
