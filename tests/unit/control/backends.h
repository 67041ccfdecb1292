/*
 * One contract, every back end: a test written with CONTRACT(name) runs on SQLite, on PostgreSQL
 * and on PostgreSQL behind PgBouncer, each time with an empty store of its own in `s`.
 *
 * The server is the test run's (database.h); without one those tests are skipped. Another store of
 * the same data: scratch_store().
 */
#pragma once

#include "tests/unit/control/database.h"
#include "tests/unit/control/engines.h"
#include "tests/unit/control/scratch.h"

static struct store *s;
static struct sp_err err;

static inline void backend_open_server(const char *host)
{
	scratch_make();
	database_make(host, scratch_where, sizeof(scratch_where));
	s = scratch_store();
}

static inline void backend_open_sqlite(void)
{
	scratch_make();
	s = scratch_store();
}

static inline void backend_open_postgres(void)
{
	backend_open_server("");
}

static inline void backend_open_pgbouncer(void)
{
	backend_open_server("bouncer&port=6432");
}

static inline void backend_close(void)
{
	store_close(s);
	database_remove();
	scratch_remove();
}

TestSuite(sqlite, .init = backend_open_sqlite, .fini = backend_close, .timeout = 60);
TestSuite(postgres, .init = backend_open_postgres, .fini = backend_close, .timeout = 60);
TestSuite(pgbouncer, .init = backend_open_pgbouncer, .fini = backend_close, .timeout = 60);

#define CONTRACT(name) ON_ALL(name)
