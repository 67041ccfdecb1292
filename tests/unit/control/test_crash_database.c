/*
 * The database killed, by SIGKILL of all its processes, right before and right after every single
 * write of a deploy's journal, and started again: the deploy comes to its end in the same attempt,
 * nothing is started twice, no event is missing, and the lock is free.
 */
#include "tests/unit/control/crash_stack.h"
#include "tests/unit/control/journal.h"
#include "tests/unit/control/server.h"

#define WRITES_MAX 120 /* more journal writes than the deploy has */

static atomic_int kill_at; /* number of the journal write; 0: none */
static bool kill_after;    /* it was committed; else it is about to be */
static atomic_bool killed;

static void kill_server(int number, bool committed)
{
	if (number != kill_at)
		return;
	if (committed == kill_after) {
		server_do("kill");
		killed = true;
	}
	if (committed)
		server_do("again");
}

static void start_on_a_server(void)
{
	server_start();
	server_url(scratch_where, sizeof(scratch_where), "");
	journal_watch(kill_server);
	start_all();
}

static void stop_with_the_server(void)
{
	stop_all();
	server_stop();
}

TestSuite(crash_database, .init = start_on_a_server, .fini = stop_with_the_server, .timeout = 300);

/* False: it ended before that write. */
static bool deploy_killing(const char *services, int at, bool after, const char *end)
{
	forget_starts();
	kill_after = after;
	killed = false;
	journal_writes = 0;
	kill_at = at;
	json_decref(deploy(services));
	kill_at = 0;
	if (killed) {
		struct outcome o = look(at);

		expect_ended(&o, end, 1);
		expect_stack_of(&o, "running");
		expect_whole(&o);
		outcome_fini(&o);
	}
	return killed;
}

static void expect_no_gap(void)
{
	struct store_event_filter f = { .limit = 100000 };
	autojson json_t *list = NULL;
	int64_t next;

	cr_assert_eq(store_event_list(s, &f, &list, &next, &err), 0, "%s", err.message);
	for (size_t i = 0; i < json_array_size(list); i++)
		cr_assert_eq(json_integer_value(json_object_get(json_array_get(list, i), "seq")),
			     (json_int_t)i + 1);
}

static void killed_everywhere(bool after)
{
	const char *const sides[] = { OLD TASKS, NEW TASKS };
	int at;

	for (at = 1; at < WRITES_MAX; at++) {
		if (!deploy_killing(sides[at % 2], at, after, "succeeded"))
			break;
		cr_expect_eq(starts_of("demo-db-1"), 1, "write %d: started once", at);
		cr_expect_eq(starts_of("demo-job-last-1"), 1, "write %d: run once", at);
		expect_started(all, 1, at);
	}
	cr_expect_gt(at, 20);
	cr_assert_lt(at, WRITES_MAX);
	expect_no_gap();
}

Test(crash_database,
     killed_before_any_journal_write_the_deploy_is_finished_and_starts_nothing_twice)
{
	killed_everywhere(false);
}

Test(crash_database, killed_after_any_journal_write_the_deploy_is_finished_and_starts_nothing_twice)
{
	killed_everywhere(true);
}

Test(crash_database, killed_at_any_journal_write_of_a_deploy_with_a_bad_gate_it_is_reverted_whole)
{
	int at;

	json_decref(deploy(OLD));
	for (at = 1; at < WRITES_MAX; at++) {
		if (!deploy_killing(BAD, at, at % 2, "reverted"))
			break;
		expect_started(all, 2, at);
	}
	cr_expect_gt(at, 30);
	cr_assert_lt(at, WRITES_MAX);
	expect_no_gap();
}
