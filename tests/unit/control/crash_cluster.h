/*
 * A cluster whose controld is killed again and again (crash.h): made on either back end, with two
 * agents that outlive every controld.
 */
#pragma once

#include "tests/unit/control/crash.h"
#include "tests/unit/control/crash_stack.h"
#include "tests/unit/control/database.h"
#include "tests/unit/control/engines.h"

#define WRITES_MAX 120 /* more journal writes than any of these operations has */

static char runner[STORE_LEASE_RUNNER_MAX];

static inline void start_cluster(void)
{
	crash_start();
	open_control();
	snprintf(runner, sizeof(runner), "%s", c.runner);
	import_image();
	start_agent(&agents[0], "worker1");
	start_agent(&agents[1], "worker2");
	store_pool_give(c.stores, s);
	control_close(&c);
	s = NULL;
}

static inline void set_up_on_sqlite(void)
{
	scratch_make_fast();
	start_cluster();
}

static inline void set_up_on_postgres(void)
{
	scratch_make_fast();
	database_make("", scratch_where, sizeof(scratch_where));
	start_cluster();
}

static inline void tear_down(void)
{
	for (size_t i = 0; i < 2; i++)
		fake_agent_stop(&agents[i]);
	database_remove();
	scratch_remove();
}

TestSuite(sqlite, .init = set_up_on_sqlite, .fini = tear_down, .timeout = 300);
TestSuite(postgres, .init = set_up_on_postgres, .fini = tear_down, .timeout = 300);

static inline struct crash_order order(const char *services)
{
	struct crash_order o = { 0 };
	autofree char *request = bundle_of(services, "rollback");

	snprintf(o.kind, sizeof(o.kind), "deploy");
	cr_assert_lt(strlen(request), sizeof(o.request));
	snprintf(o.request, sizeof(o.request), "%s", request);
	return o;
}

static inline void deploy_whole(const char *services)
{
	struct crash_order o = order(services);

	cr_assert_not(crash_run(&o));
	forget_starts();
}

static inline int count_running(void)
{
	char ids[8][STORE_NAME_MAX];
	size_t n = 0;

	s = scratch_store();
	cr_assert_eq(store_lease_orphans(s, runner, ids, 8, &n, &err), 0, "%s", err.message);
	store_close(s);
	return (int)n;
}

/* Kill it there, then let the next one do what is to be done. The attempts that this makes; 0: it
 * ended before that write. */
static inline int crash(struct crash_order o, enum crash_when when, int at)
{
	struct crash_order recover = { 0 };
	int attempts;

	o.when = when;
	o.at = at;
	if (!crash_run(&o))
		return 0;
	attempts = 1 + count_running();
	cr_assert_not(crash_run(&recover));
	return attempts;
}
