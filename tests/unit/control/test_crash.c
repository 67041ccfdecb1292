/*
 * controld killed at every single write of an operation's journal, and the next one started: it
 * always comes to the new revision or back to the old one, whole, with nobody's help. What the
 * agents have is then exactly what the store says, and nothing is there twice.
 */
#include <errno.h>

#include "tests/unit/control/crash_cluster.h"

static void deploy_killed_everywhere(enum crash_when when)
{
	const char *const sides[] = { OLD TASKS, NEW TASKS };
	int at, attempts;

	deploy_whole(OLD);
	for (at = 1; at < WRITES_MAX; at++) {
		struct outcome o;

		forget_starts();
		attempts = crash(order(sides[at % 2]), when, at);
		if (!attempts)
			break;
		o = look(at);
		expect_ended(&o, "succeeded", attempts);
		expect_stack_of(&o, "running");
		expect_whole(&o);
		cr_expect_eq(starts_of("demo-db-1"), 1, "write %d: started once", at);
		cr_expect_eq(starts_of("demo-job-last-1"), 1, "write %d: run once", at);
		expect_started(all, 1, at);
		outcome_fini(&o);
	}
	cr_expect_gt(at, 20);
	cr_assert_lt(at, WRITES_MAX);
}

ON_BOTH(a_deploy_killed_before_any_journal_write_is_finished_and_starts_nothing_twice)
{
	deploy_killed_everywhere(CRASH_BEFORE);
}

ON_BOTH(a_deploy_killed_after_any_journal_write_is_finished_and_starts_nothing_twice)
{
	deploy_killed_everywhere(CRASH_AFTER);
}

static void revert_killed_everywhere(enum crash_when when)
{
	int at, attempts;

	deploy_whole(OLD);
	for (at = 1; at < WRITES_MAX; at++) {
		struct outcome o;

		forget_starts();
		attempts = crash(order(BAD), when, at);
		if (!attempts)
			break;
		o = look(at);
		expect_ended(&o, "reverted", attempts);
		expect_stack_of(&o, "running");
		expect_whole(&o);
		cr_expect_eq(o.rows.n, 4);
		expect_started(all, 2, at);
		cr_expect_not_null(
			strstr(member(json_object_get(o.op, "error"), "message"), "demo-bad-1"));
		outcome_fini(&o);
	}
	cr_expect_gt(at, 30);
	cr_assert_lt(at, WRITES_MAX);
}

ON_BOTH(a_deploy_with_a_bad_gate_killed_before_any_write_is_reverted_whole)
{
	revert_killed_everywhere(CRASH_BEFORE);
}

ON_BOTH(a_deploy_with_a_bad_gate_killed_after_any_write_is_reverted_whole)
{
	revert_killed_everywhere(CRASH_AFTER);
}

static void destroy_killed_everywhere(enum crash_when when)
{
	struct crash_order destroy = { .kind = "destroy", .request = "{\"volumes\": true}" };
	struct store_stack st;
	int at, attempts;

	for (at = 1; at < WRITES_MAX; at++) {
		struct outcome o;

		deploy_whole(OLD);
		attempts = crash(destroy, when, at);
		if (!attempts)
			break;
		o = look(at);
		expect_ended(&o, "succeeded", attempts);
		expect_whole(&o);
		cr_expect_eq(o.rows.n, 0);
		cr_expect_eq(store_stack_get(o.s, "demo", &st, &err), -ENOENT);
		outcome_fini(&o);
	}
	cr_expect_gt(at, 10);
	cr_assert_lt(at, WRITES_MAX);
}

ON_BOTH(a_destroy_killed_before_any_write_is_finished)
{
	destroy_killed_everywhere(CRASH_BEFORE);
}

ON_BOTH(a_destroy_killed_after_any_write_is_finished)
{
	destroy_killed_everywhere(CRASH_AFTER);
}

/* Every attempt gets a little further than its own beginning, so it ends. */
ON_BOTH(a_deploy_whose_every_attempt_is_killed_still_ends_whole)
{
	struct crash_order o = order(NEW);
	struct outcome seen;
	int lives = 1;

	deploy_whole(OLD);
	o.when = CRASH_AFTER;
	for (o.at = 7; crash_run(&o); o.at += 2) {
		lives += count_running();
		o.kind[0] = '\0';
	}
	seen = look(o.at);
	expect_ended(&seen, "succeeded", lives);
	expect_stack_of(&seen, "running");
	expect_whole(&seen);
	expect_started(all, 1, o.at);
	outcome_fini(&seen);
}
