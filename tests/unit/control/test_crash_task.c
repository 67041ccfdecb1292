/*
 * controld killed at every write of the journal of a deploy whose task fails and may be tried once
 * more: each try is one that ran, and there are as many as were asked for, wherever the kill came.
 */
#include "tests/unit/control/crash_cluster.h"

#define TASK(name) "x-stackpilot:\n  tasks:\n    " name ": {image: app, retries: 1}\n"

/* end: how each deploy ends. */
static void killed_everywhere(const char *const sides[2], const char *id, const char *end,
			      enum crash_when when)
{
	int at, attempts;

	deploy_whole(OLD);
	for (at = 1; at < WRITES_MAX; at++) {
		struct outcome o;

		forget_starts();
		fake_flaky_starts = 0;
		attempts = crash(order(sides[at % 2]), when, at);
		if (!attempts)
			break;
		o = look(at);
		expect_ended(&o, end, attempts);
		expect_whole(&o);
		cr_expect_eq(starts_of(id), 2, "write %d: run %d times", at, starts_of(id));
		outcome_fini(&o);
	}
	cr_expect_gt(at, 16);
	cr_assert_lt(at, WRITES_MAX);
}

static const char *const flaky[] = { OLD TASK("flaky"), NEW TASK("flaky") };
static const char *const bad[] = { NEW TASK("bad"), NEW TASK("bad") };

ON_BOTH(a_task_that_fails_once_killed_before_any_write_has_all_its_tries)
{
	killed_everywhere(flaky, "demo-flaky-1", "succeeded", CRASH_BEFORE);
}

ON_BOTH(a_task_that_fails_once_killed_after_any_write_has_all_its_tries)
{
	killed_everywhere(flaky, "demo-flaky-1", "succeeded", CRASH_AFTER);
}

ON_BOTH(a_task_that_fails_always_killed_before_any_write_has_no_try_more)
{
	killed_everywhere(bad, "demo-bad-1", "reverted", CRASH_BEFORE);
}

ON_BOTH(a_task_that_fails_always_killed_after_any_write_has_no_try_more)
{
	killed_everywhere(bad, "demo-bad-1", "reverted", CRASH_AFTER);
}
