/*
 * One contract, every back end: a test written with CONTRACT(name) runs on SQLite, on PostgreSQL
 * and on PostgreSQL behind PgBouncer, each time with an empty store of its own in `s`.
 *
 * The server is the test run's (tests/run starts it: SP_TEST_POSTGRES is its directory); without
 * one those tests are skipped. Another store of the same data: scratch_store().
 */
#pragma once

#include "control/store/db.h"
#include "tests/unit/control/scratch.h"

static struct store *s;
static struct sp_err err;
static char backend_name[32];

static inline void backend_url(char *ret, size_t room, const char *host, const char *name)
{
	snprintf(ret, room, "postgresql:///%s?host=%s/%s&user=stackpilot", name,
		 getenv("SP_TEST_POSTGRES"), host);
}

static inline void backend_admin(const char *before, const char *after)
{
	struct db *db = NULL;
	char url[128], sql[128];

	backend_url(url, sizeof(url), "", "postgres");
	snprintf(sql, sizeof(sql), "%s %s %s", before, backend_name, after);
	cr_assert_eq(db_open(url, &db, &err), 0, "%s", err.message);
	cr_assert_eq(db_script(db, sql, &err), 0, "%s", err.message);
	db_close(db);
}

static inline void backend_open_server(const char *host)
{
	if (!getenv("SP_TEST_POSTGRES"))
		cr_skip_test("no PostgreSQL: run it with tests/run");
	scratch_make();
	snprintf(backend_name, sizeof(backend_name), "t%d", (int)getpid());
	backend_admin("CREATE DATABASE", "");
	backend_url(scratch_where, sizeof(scratch_where), host, backend_name);
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
	if (*backend_name)
		backend_admin("DROP DATABASE", "WITH (FORCE)");
	scratch_remove();
}

TestSuite(sqlite, .init = backend_open_sqlite, .fini = backend_close, .timeout = 60);
TestSuite(postgres, .init = backend_open_postgres, .fini = backend_close, .timeout = 60);
TestSuite(pgbouncer, .init = backend_open_pgbouncer, .fini = backend_close, .timeout = 60);

#define CONTRACT(name)          \
	static void name(void); \
	Test(sqlite, name)      \
	{                       \
		name();         \
	}                       \
	Test(postgres, name)    \
	{                       \
		name();         \
	}                       \
	Test(pgbouncer, name)   \
	{                       \
		name();         \
	}                       \
	static void name(void)
