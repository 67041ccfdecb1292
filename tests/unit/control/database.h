/* A database of a test's own on the test run's PostgreSQL (tests/run starts it: SP_TEST_POSTGRES is
 * its directory). */
#pragma once

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/store/db.h"

static char database_name[32];

/* host: "" or "bouncer&port=6432" */
static inline void database_url_of(char *ret, size_t room, const char *host, const char *name)
{
	snprintf(ret, room, "postgresql:///%s?host=%s/%s&user=stackpilot", name,
		 getenv("SP_TEST_POSTGRES"), host);
}

static inline void database_admin(const char *before, const char *after)
{
	struct db *db = NULL;
	struct sp_err why = { 0 };
	char url[128], sql[128];

	database_url_of(url, sizeof(url), "", "postgres");
	snprintf(sql, sizeof(sql), "%s %s %s", before, database_name, after);
	cr_assert_eq(db_open(url, &db, &why), 0, "%s", why.message);
	cr_assert_eq(db_script(db, sql, &why), 0, "%s", why.message);
	db_close(db);
}

/* Skips the test where there is no server. */
static inline void database_make(const char *host, char *ret_url, size_t room)
{
	if (!getenv("SP_TEST_POSTGRES"))
		cr_skip_test("no PostgreSQL: run it with tests/run");
	snprintf(database_name, sizeof(database_name), "t%d", (int)getpid());
	database_admin("CREATE DATABASE", "");
	database_url_of(ret_url, room, host, database_name);
}

static inline void database_remove(void)
{
	if (*database_name)
		database_admin("DROP DATABASE", "WITH (FORCE)");
}
