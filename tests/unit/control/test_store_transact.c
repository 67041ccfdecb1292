/*
 * Transactions when the engine gives them up, and when the connection breaks at the worst moment:
 * what was asked for is done once, whatever was heard of it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/time.h"
#include "control/store/db_postgres.h"
#include "tests/unit/control/records.h"

static struct db_driver wrapped;
static int commits_to_spoil, commits_seen, runs;

static void cut(struct db *db)
{
	shutdown(PQsocket(sp_container_of(db, struct pg, db)->conn), SHUT_RDWR);
}

/* The server does it, and its answer is lost on the way. */
static int commit_and_lose_the_answer(struct db *db, struct sp_err *e)
{
	if (++commits_seen > commits_to_spoil)
		return db_postgres.commit(db, e);
	cr_assert_eq(db_postgres.commit(db, e), 0);
	cut(db);
	db->trouble = DB_LOST;
	return sp_fail(e, SP_E_UNREACHABLE, "store: the answer is lost");
}

/* The question is lost on the way. */
static int lose_the_commit(struct db *db, struct sp_err *e)
{
	if (++commits_seen <= commits_to_spoil)
		cut(db);
	return db_postgres.commit(db, e);
}

static void spoil(int (*commit)(struct db *db, struct sp_err *e), int times)
{
	wrapped = db_postgres;
	wrapped.commit = commit;
	store_db(s)->driver = &wrapped;
	commits_to_spoil = times;
	commits_seen = runs = 0;
}

static int append_one(struct store *st, void *state, struct sp_err *e)
{
	struct store_event event = { .type = "test.once", .message = "once" };

	(void)state;
	runs++;
	return store_event_append(st, &event, e);
}

static void expect_events(size_t n)
{
	int64_t next;
	autojson json_t *list = events_of((struct store_event_filter){ .type = "test." }, &next);

	cr_expect_eq(json_array_size(list), n, "%zu events, not %zu", json_array_size(list), n);
}

Test(postgres, a_commit_whose_answer_was_lost_is_found_done_and_not_repeated)
{
	spoil(commit_and_lose_the_answer, 1);
	cr_expect_eq(store_transact(s, append_one, NULL, &err), 0, "%s", err.message);
	cr_expect_eq(runs, 1);
	expect_events(1);
}

Test(postgres, a_commit_that_never_arrived_is_found_undone_and_repeated)
{
	spoil(lose_the_commit, 1);
	cr_expect_eq(store_transact(s, append_one, NULL, &err), 0, "%s", err.message);
	cr_expect_eq(runs, 2);
	expect_events(1);
}

Test(postgres, commits_lost_many_times_over_are_done_once)
{
	spoil(lose_the_commit, 5);
	cr_expect_eq(store_transact(s, append_one, NULL, &err), 0, "%s", err.message);
	cr_expect_eq(runs, 6);
	spoil(commit_and_lose_the_answer, 1);
	cr_expect_eq(store_transact(s, append_one, NULL, &err), 0, "%s", err.message);
	expect_events(2);
}

Test(postgres, a_commit_that_stays_unknown_says_so)
{
	spoil(lose_the_commit, 1000);
	store_db(s)->patience_ns = 100 * SP_NS_PER_MS;
	cr_expect_eq(store_transact(s, append_one, NULL, &err), -EHOSTUNREACH);
	cr_expect_not_null(strstr(err.message, "whether the change was made is not known"), "%s",
			   err.message);
}

static int end_own_connection(struct store *st, void *state, struct sp_err *e)
{
	int r = append_one(st, state, e);

	if (r == 0 && runs == 1)
		r = db_script(store_db(st), "SELECT pg_terminate_backend(pg_backend_pid())", e);
	return r;
}

static void connection_ended_in_the_middle(void)
{
	runs = 0;
	cr_expect_eq(store_transact(s, end_own_connection, NULL, &err), 0, "%s", err.message);
	cr_expect_eq(runs, 2);
	expect_events(1);
}

Test(postgres, a_transaction_whose_connection_ends_runs_again)
{
	connection_ended_in_the_middle();
}

Test(pgbouncer, a_transaction_whose_connection_ends_runs_again)
{
	connection_ended_in_the_middle();
}

/* A failed statement spoils a transaction on this engine, whatever its function makes of it. */
static int ignore_a_failure(struct store *st, void *state, struct sp_err *e)
{
	(void)state;
	append_one(st, NULL, e);
	db_write(store_db(st), NULL, "INSERT INTO schema_version (version) VALUES (0)");
	return 0;
}

Test(postgres, a_transaction_that_overlooked_a_failure_is_not_committed)
{
	cr_expect_eq(store_transact(s, ignore_a_failure, NULL, &err), -EIO);
	cr_expect_str_eq(err.message, "store: commit of a transaction that failed");
	expect_events(0);
}

CONTRACT(a_broken_unique_rule_is_told_from_a_broken_reference)
{
	cr_assert_eq(store_write(s, &err, "INSERT INTO identity VALUES ('a', 'b')"), 1);
	cr_expect_eq(store_write(s, &err, "INSERT INTO identity VALUES ('a', 'c')"), -EEXIST);
	cr_expect_eq(store_write(s, &err,
				 "INSERT INTO addresses (node, workload, host)"
				 " VALUES ('nowhere', 'w', 2)"),
		     -EBUSY);
	cr_expect_eq(err.stage, SP_STAGE_STORE);
}

CONTRACT(a_write_outside_of_a_transaction_is_refused)
{
	cr_expect_eq(db_write(store_db(s), &err, "DELETE FROM events"), -EIO);
	cr_expect_str_eq(err.message, "store: 'DELETE FROM events...' outside of a transaction");
}

CONTRACT(the_databases_clock_runs_forward_near_ours)
{
	int64_t first = 0, second = 0;

	cr_assert_eq(store_now(s, &first, &err), 0, "%s", err.message);
	cr_assert_eq(store_now(s, &second, &err), 0, "%s", err.message);
	cr_expect_leq(first, second);
	cr_expect_lt(sp_time_real_ns() - first, 3600 * SP_NS_PER_S);
}

Test(postgres, a_server_that_lets_us_not_in_is_not_waited_for)
{
	struct store *other = NULL;
	char url[192];

	database_url_of(url, sizeof(url), "", "no_such_database");
	cr_expect_eq(store_open(url, NULL, &other, &err), -EACCES);
	cr_expect_not_null(strstr(err.message, "no_such_database"), "%s", err.message);
}
