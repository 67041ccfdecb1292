/*
 * Asking the server, with an end to the waiting; see db_postgres.h. One that stands still while its
 * host answers for it would otherwise hold its askers for as long as it does.
 */
#include <poll.h>
#include <sys/socket.h>

#include "base/time.h"
#include "control/store/db_postgres.h"

/* Sleep until the socket can be used; false when it was silent for too long. */
static bool await(const struct pg *pg, short events)
{
	struct pollfd fd = { .fd = PQsocket(pg->conn), .events = events };
	int64_t deadline = sp_time_mono_ns() + pg->db.answer_ns, left_ns;

	while ((left_ns = deadline - sp_time_mono_ns()) > 0)
		if (poll(&fd, 1, (int)(left_ns / SP_NS_PER_MS) + 1) > 0)
			return true;
	return false;
}

/* What the server says before it has read everything is read too, or both would wait. */
static bool flush(const struct pg *pg)
{
	int r;

	while ((r = PQflush(pg->conn)) == 1) {
		if (!await(pg, POLLIN | POLLOUT) || !PQconsumeInput(pg->conn))
			return false;
	}
	return r == 0;
}

static bool send_query(const struct pg *pg, const char *sql, const struct pg_args *args)
{
	if (!args)
		return PQsendQuery(pg->conn, sql) == 1;
	return PQsendQueryParams(pg->conn, sql, args->n, args->types, args->values, NULL, NULL,
				 0) == 1;
}

/* The next result, or NULL after the last; *ret_late: it did not come. */
static PGresult *next_result(const struct pg *pg, bool *ret_late)
{
	while (PQisBusy(pg->conn)) {
		if (!await(pg, POLLIN)) {
			*ret_late = true;
			return NULL;
		}
		if (!PQconsumeInput(pg->conn))
			break; /* PQgetResult() says why */
	}
	return PQgetResult(pg->conn);
}

PGresult *pg_ask(struct pg *pg, const char *sql, const struct pg_args *args)
{
	PGresult *last = NULL, *next;
	bool late = false;

	PQsetnonblocking(pg->conn, 1);
	if (!send_query(pg, sql, args))
		return NULL;
	if (!flush(pg))
		late = PQstatus(pg->conn) == CONNECTION_OK;
	while (!late && (next = next_result(pg, &late))) {
		PQclear(last);
		last = next;
	}
	if (!late)
		return last;
	pg->broken = pg->late = true;
	shutdown(PQsocket(pg->conn), SHUT_RDWR); /* or closing it would wait to say good-bye */
	PQclear(last);
	return NULL;
}
