/* When stacks are to go, and what is told of it. */
#include "control/store/expiry.h"

#include <criterion/criterion.h>

#include "base/time.h"
#include "tests/unit/control/records.h"

#define HOUR_NS (3600 * SP_NS_PER_S)

static void make(const char *stack)
{
	cr_assert_geq(store_stack_set_state(s, stack, STORE_STACK_RUNNING, "op-1", &err), 0, "%s",
		      err.message);
}

static int64_t expire_in(const char *stack, int64_t ttl_ns)
{
	int64_t at;

	cr_assert_eq(store_expiry_set(s, stack, ttl_ns, "op-1", &at, &err), 0, "%s", err.message);
	return at;
}

static void expect_due(const char *wanted)
{
	char due[4][STORE_NAME_MAX];
	size_t n;

	cr_assert_eq(store_expiry_due(s, due, SP_COUNT(due), &n, &err), 0, "%s", err.message);
	cr_assert_eq(n, *wanted ? 1 : 0, "%zu are due", n);
	if (n)
		cr_expect_str_eq(due[0], wanted);
}

static size_t count(const char *type)
{
	int64_t next;
	autojson json_t *list = events_of((struct store_event_filter){ .type = type }, &next);

	return json_array_size(list);
}

CONTRACT(a_stack_is_due_once_its_time_is_up_and_never_without_one)
{
	struct store_stack row;
	int64_t at;

	make("demo");
	make("other");
	expire_in("other", 0);
	at = expire_in("demo", HOUR_NS);
	cr_assert_eq(store_stack_get(s, "demo", &row, &err), 0);
	cr_expect_eq(row.expires_at_ns, at);
	expect_due("");
	expire_in("demo", 1);
	expect_due("demo");
	cr_expect_eq(count("stack.expires"), 2, "of one without a time nothing is told");
}

CONTRACT(a_deploy_gives_it_time_again_and_without_a_ttl_all_of_it)
{
	struct store_stack row;

	make("demo");
	expire_in("demo", 1);
	expire_in("demo", HOUR_NS);
	expect_due("");
	expire_in("demo", 1);
	expire_in("demo", 0);
	expect_due("");
	cr_assert_eq(store_stack_get(s, "demo", &row, &err), 0);
	cr_expect_eq(row.expires_at_ns, 0);
	cr_expect_eq(count("stack.expires"), 4);
}

CONTRACT(what_is_claimed_is_not_due_again_before_the_next_try)
{
	make("demo");
	cr_expect_lt(store_expiry_claim(s, "demo", HOUR_NS, &err), 0);
	cr_expect_eq(err.code, SP_E_CONFLICT);
	expire_in("demo", 1);
	cr_assert_eq(store_expiry_claim(s, "demo", 1, &err), 0, "%s", err.message);
	expect_due("demo");
	cr_assert_eq(store_expiry_claim(s, "demo", HOUR_NS, &err), 0, "%s", err.message);
	expect_due("");
	cr_expect_lt(store_expiry_claim(s, "demo", HOUR_NS, &err), 0);
}

CONTRACT(each_reason_to_wait_is_told_once_until_its_time_begins_anew)
{
	make("demo");
	expire_in("demo", 1);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(store_expiry_waits(s, "demo", "required by 'app'", &err), 0);
	cr_expect_eq(count("stack.overdue"), 1);
	cr_assert_eq(store_expiry_waits(s, "demo", "its lock is held by ann", &err), 0);
	cr_expect_eq(count("stack.overdue"), 2);
	expire_in("demo", 1);
	cr_assert_eq(store_expiry_waits(s, "demo", "its lock is held by ann", &err), 0);
	cr_expect_eq(count("stack.overdue"), 3);
}
