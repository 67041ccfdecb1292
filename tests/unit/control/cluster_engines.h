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

/* Begun that long ago by a controld that has died since, and taken over. */
static inline json_t *taken_over(const char *kind, const char *request, int minutes_ago)
{
	struct store_operation_request q = { .kind = kind,
					     .stack = "demo",
					     .requested_by = "test",
					     .request = request,
					     .lock = { .runner = c.runner,
						       .ttl_ns = c.config.lock_ttl_ns } };
	char id[STORE_NAME_MAX];
	struct store_lease_takeover t = { .operation = id,
					  .runner = c.runner,
					  .ttl_ns = c.config.lock_ttl_ns,
					  .restarted = true };

	cr_assert_eq(store_operation_begin(s, &q, id, &err), 0, "%s", err.message);
	cr_assert_eq(store_write(s, &err,
				 "UPDATE operations SET created_at = created_at - $1 WHERE id = $2",
				 DB_I(minutes_ago * 60 * SP_NS_PER_S), DB_S(id)),
		     1, "%s", err.message);
	cr_assert_eq(store_operation_take_over(s, &t, &err), STORE_LEASE_GRANTED, "%s",
		     err.message);
	cr_assert_eq(workers_queue(c.workers, id, &err), 0);
	return finished(id);
}

TestSuite(sqlite, .init = start_all, .fini = stop_all, .timeout = 120);
TestSuite(postgres, .init = start_on_postgres, .fini = stop_with_database, .timeout = 120);
