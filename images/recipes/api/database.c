/*
 * Connections and the checker; see database.h. The checker has a connection of its own, so that
 * /ready tells of the database and not of how busy the pool is.
 */
#include "images/recipes/api/database.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POOL_MAX        4
#define STALE_MS        (4 * DATABASE_CHECK_MS) /* a checker that hangs is not a good answer */
#define CONNECT_S       "2"                     /* libpq's shortest */
#define USER_TIMEOUT_MS "3000" /* unanswered packets, before the connection is lost */
#define SESSION         "-c statement_timeout=2000 -c lock_timeout=2000"

static const char schema[] = "CREATE TABLE IF NOT EXISTS items ("
			     "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
			     "name text NOT NULL CHECK (name <> ''), "
			     "created_at timestamptz NOT NULL DEFAULT now())";

struct database {
	const char *url, *password;
	pthread_t checker;
	pthread_mutex_t mutex; /* all below */
	pthread_cond_t wake;
	bool stop, ready;
	char reason[DATABASE_REASON_MAX];
	struct timespec checked;
	PGconn *idle[POOL_MAX];
	int n_idle;
};

static long age_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static PGconn *open_connection(const struct database *d)
{
	const char *keys[] = { "dbname",  "connect_timeout",  "tcp_user_timeout", "keepalives_idle",
			       "options", "application_name", "password",         NULL };
	const char *values[] = { d->url,  CONNECT_S, USER_TIMEOUT_MS, "5",
				 SESSION, "api",     d->password,     NULL };

	return PQconnectdbParams(keys, values, 1);
}

/* The first line of libpq's words, which may be several. */
static void copy_reason(char *to, const char *text)
{
	snprintf(to, DATABASE_REASON_MAX, "%.*s", (int)strcspn(text, "\n"), text);
}

static bool run(PGconn *c, const char *sql, char *reason)
{
	PGresult *r = PQexec(c, sql);
	ExecStatusType status = PQresultStatus(r);
	bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (!ok)
		copy_reason(reason, PQerrorMessage(c));
	PQclear(r);
	return ok;
}

/*
 * After a reconnection it may be another database: the table is asked for, not assumed. Two
 * replicas may make it at once: the one that gets an error then finds it made.
 */
static bool has_table(PGconn *c, char *reason)
{
	static const char ask[] = "SELECT 1 FROM items LIMIT 1";

	return run(c, ask, reason) || run(c, schema, reason) || run(c, ask, reason);
}

/* One check. *c is the checker's connection, NULL when there is none. */
static bool check(struct database *d, PGconn **c, char *reason)
{
	bool ok;

	if (!*c)
		*c = open_connection(d);
	if (!*c || PQstatus(*c) != CONNECTION_OK) {
		copy_reason(reason, *c ? PQerrorMessage(*c) : "out of memory");
		ok = false;
	} else {
		ok = has_table(*c, reason);
	}
	if (*c && PQstatus(*c) != CONNECTION_OK) {
		PQfinish(*c);
		*c = NULL;
	}
	return ok;
}

static void tell(struct database *d, bool ok, const char *reason)
{
	if (ok != d->ready || (!ok && strcmp(reason, d->reason) != 0))
		fprintf(stderr, ok ? "api: database answers%s\n" : "api: database: %s\n",
			ok ? "" : reason);
	d->ready = ok;
	snprintf(d->reason, sizeof(d->reason), "%s", ok ? "" : reason);
	clock_gettime(CLOCK_MONOTONIC, &d->checked);
}

static void *check_forever(void *arg)
{
	struct database *d = arg;
	PGconn *c = NULL;

	pthread_mutex_lock(&d->mutex);
	while (!d->stop) {
		char reason[DATABASE_REASON_MAX] = "";
		struct timespec until;
		bool ok;

		pthread_mutex_unlock(&d->mutex);
		ok = check(d, &c, reason);
		pthread_mutex_lock(&d->mutex);
		tell(d, ok, reason);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += DATABASE_CHECK_MS / 1000;
		if (!d->stop)
			pthread_cond_timedwait(&d->wake, &d->mutex, &until);
	}
	pthread_mutex_unlock(&d->mutex);
	PQfinish(c);
	return NULL;
}

struct database *database_new(const char *url, const char *password)
{
	struct database *d = calloc(1, sizeof(*d));
	pthread_condattr_t attr;

	if (!d)
		return NULL;
	d->url = url;
	d->password = password;
	snprintf(d->reason, sizeof(d->reason), "not checked yet");
	clock_gettime(CLOCK_MONOTONIC, &d->checked);
	pthread_mutex_init(&d->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->wake, &attr);
	if (pthread_create(&d->checker, NULL, check_forever, d) != 0) {
		free(d);
		return NULL;
	}
	return d;
}

void database_free(struct database *d)
{
	pthread_mutex_lock(&d->mutex);
	d->stop = true;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->mutex);
	pthread_join(d->checker, NULL);
	while (d->n_idle > 0)
		PQfinish(d->idle[--d->n_idle]);
	free(d);
}

bool database_ready(struct database *d, char reason[DATABASE_REASON_MAX])
{
	bool ready;

	pthread_mutex_lock(&d->mutex);
	ready = d->ready && age_ms(&d->checked) <= STALE_MS;
	snprintf(reason, DATABASE_REASON_MAX, "%s",
		 d->ready && !ready ? "the database has not answered for some seconds" : d->reason);
	pthread_mutex_unlock(&d->mutex);
	return ready;
}

/* An idle connection has nothing to read, but the server's farewell. libpq takes that in without
 * calling the connection bad. */
static bool has_news(PGconn *c)
{
	struct pollfd p = { .fd = PQsocket(c), .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

PGconn *database_take(struct database *d)
{
	PGconn *c = NULL;

	pthread_mutex_lock(&d->mutex);
	if (d->n_idle > 0)
		c = d->idle[--d->n_idle];
	pthread_mutex_unlock(&d->mutex);
	if (c && has_news(c)) {
		PQfinish(c);
		c = NULL;
	}
	if (!c)
		c = open_connection(d);
	if (c && PQstatus(c) == CONNECTION_OK)
		return c;
	PQfinish(c);
	return NULL;
}

void database_put(struct database *d, PGconn *c)
{
	pthread_mutex_lock(&d->mutex);
	if (PQstatus(c) == CONNECTION_OK && PQtransactionStatus(c) == PQTRANS_IDLE &&
	    d->n_idle < POOL_MAX) {
		d->idle[d->n_idle++] = c;
		c = NULL;
	}
	pthread_mutex_unlock(&d->mutex);
	PQfinish(c);
}
