/* A whole controld with two pretend agents (fake_cluster.h) on either engine: ON_BOTH(name). */
#pragma once

#include "tests/unit/control/database.h"
#include "tests/unit/control/engines.h"
#include "tests/unit/control/fake_cluster.h"

static inline void start_on_postgres(void)
{
	database_make("", scratch_where, sizeof(scratch_where));
	start_all();
}

static inline void stop_with_database(void)
{
	stop_all();
	database_remove();
}

TestSuite(sqlite, .init = start_all, .fini = stop_all, .timeout = 120);
TestSuite(postgres, .init = start_on_postgres, .fini = stop_with_database, .timeout = 120);
