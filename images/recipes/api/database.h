/*
 * The database as the service sees it: a few connections to use, and one thread that keeps asking
 * whether it answers. Losing it is an ordinary state. Nothing here waits longer than the time-outs
 * below.
 */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>

#define DATABASE_CHECK_MS                                                      \
	1000 /* how old the answer of database_ready() may be when all is well \
	      */
#define DATABASE_REASON_MAX 256

struct database;

/* Starts the checking thread; the database need not be there. NULL: out of memory. */
struct database *database_new(const char *url, const char *password);
void database_free(struct database *d); /* ends the thread; no connection may be in use */

/*
 * Whether the database answered the last check and holds our table; never waits. The reason (one
 * line) is filled when it did not.
 */
bool database_ready(struct database *d, char reason[DATABASE_REASON_MAX]);

/* A connection of one's own until put back; NULL when the database cannot be reached. Put back
 * after an error of the connection itself, it is closed. */
PGconn *database_take(struct database *d);
void database_put(struct database *d, PGconn *c);
