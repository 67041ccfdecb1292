/* The lock of a stack: who gets it, who loses it, and what the tokens and events say. */
#include "control/store/lease.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/store/event.h"
#include "control/store/operation.h"
#include "control/store/stack.h"
#include "control/store/waiter.h"
#include "tests/unit/control/backends.h"

#define LONG_NS (3600 * SP_NS_PER_S)
#define PAST_NS 1 /* over before it is looked at again */

static struct store_lease_request manual(const char *who, int64_t ttl_ns)
{
	return (struct store_lease_request){ .stack = "demo",
					     .kind = STORE_LEASE_MANUAL,
					     .locked_by = who,
					     .requested_by = who,
					     .host = "laptop",
					     .reason = "maintenance",
					     .ttl_ns = ttl_ns };
}

static struct store_lease_request running(const char *operation, const char *runner, int64_t ttl_ns)
{
	return (struct store_lease_request){ .stack = "demo",
					     .kind = STORE_LEASE_OPERATION,
					     .locked_by = "ann",
					     .requested_by = "ann",
					     .operation = operation,
					     .running = operation,
					     .runner = runner,
					     .ttl_ns = ttl_ns };
}

static struct store_lease acquire(const struct store_lease_request *q, int expect)
{
	struct store_lease l = { 0 };
	int r = store_lease_acquire(s, q, &l, &err);

	cr_assert_eq(r, expect, "got %d: %s", r, err.message);
	return l;
}

/* What the last of the lock's events says to people. */
static void expect_message(const char *wanted)
{
	struct store_event_filter f = { .type = "lock.", .limit = 100 };
	autojson json_t *list = NULL;
	int64_t next;

	cr_assert_eq(store_event_list(s, &f, &list, &next, &err), 0);
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_array_get(list, json_array_size(list) - 1), "message")),
			 wanted);
}

static struct store_lease now_is(void)
{
	struct store_lease l = { 0 };

	cr_assert_eq(store_lease_get(s, "demo", &l, &err), 0, "%s", err.message);
	return l;
}

/* "acquired released forced": the lock's events so far. */
static void expect_events(const char *wanted)
{
	struct store_event_filter f = { .type = "lock.", .limit = 100 };
	autojson json_t *list = NULL;
	char text[256] = "";
	int64_t next;
	json_t *e;
	size_t i;

	cr_assert_eq(store_event_list(s, &f, &list, &next, &err), 0);
	json_array_foreach (list, i, e) {
		const char *type = json_string_value(json_object_get(e, "type"));
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
			 type + strlen("lock."));
	}
	cr_expect_str_eq(text, wanted);
}

CONTRACT(the_first_gets_it_and_the_second_hears_who_has_it)
{
	struct store_lease_request ann = manual("ann", LONG_NS), bob = manual("bob", LONG_NS);
	struct store_lease mine = acquire(&ann, STORE_LEASE_GRANTED);
	struct store_lease his = acquire(&bob, STORE_LEASE_HELD);

	cr_expect_eq(mine.token, 1);
	cr_expect_str_eq(his.id, mine.id);
	cr_expect_str_eq(his.locked_by, "ann");
	cr_expect_str_eq(his.host, "laptop");
	cr_expect_str_eq(his.reason, "maintenance");
	cr_expect_eq(his.expires_at_ns, his.acquired_at_ns + LONG_NS);
	expect_events("acquired");
	expect_message("by ann, token 1: maintenance");
}

CONTRACT(the_token_grows_with_each_holder_and_never_goes_back)
{
	struct store_lease_request ann = manual("ann", LONG_NS);

	for (int64_t i = 1; i <= 3; i++) {
		struct store_lease l = acquire(&ann, STORE_LEASE_GRANTED);

		cr_expect_eq(l.token, i);
		cr_assert_eq(store_lease_release(s, "demo", l.id, "ann", &err), 0, "%s",
			     err.message);
		cr_expect_eq(now_is().token, i, "free, but not forgotten");
	}
	expect_events("acquired released acquired released acquired released");
}

CONTRACT(the_same_request_again_is_given_the_same_lock)
{
	struct store_lease_request ann = manual("ann", LONG_NS), thief = manual("bob", LONG_NS);

	ann.key = thief.key = "key-1";
	struct store_lease first = acquire(&ann, STORE_LEASE_GRANTED);
	struct store_lease again = acquire(&ann, STORE_LEASE_GRANTED);

	cr_expect_str_eq(again.id, first.id);
	cr_expect_eq(again.token, first.token);
	acquire(&thief, STORE_LEASE_HELD);
}

CONTRACT(only_its_holder_releases_it_and_only_by_its_id)
{
	struct store_lease_request ann = manual("ann", LONG_NS);
	struct store_lease l = acquire(&ann, STORE_LEASE_GRANTED);

	cr_expect_eq(store_lease_release(s, "demo", "lock-0", "ann", &err), -EBUSY);
	cr_expect_eq(err.code, SP_E_CONFLICT);
	cr_expect_not_null(strstr(err.message, l.id));
	cr_expect_eq(store_lease_release(s, "demo", l.id, "bob", &err), -EACCES);
	cr_expect_not_null(strstr(err.message, "ann"));
	cr_expect(store_lease_is_held(&(struct store_lease){ 0 }) == false);
	cr_assert_eq(store_lease_release(s, "demo", l.id, "ann", &err), 0);
	cr_expect_eq(store_lease_release(s, "demo", l.id, "ann", &err), -ENOENT);
}

CONTRACT(a_manual_lock_whose_time_is_up_is_free_and_an_event_says_so)
{
	struct store_lease_request ann = manual("ann", PAST_NS), bob = manual("bob", LONG_NS);
	struct store_lease l = { 0 };

	acquire(&ann, STORE_LEASE_GRANTED);
	l = now_is();
	cr_expect_not(store_lease_is_held(&l));
	l = acquire(&bob, STORE_LEASE_GRANTED);
	cr_expect_eq(l.token, 2);
	expect_events("acquired expired acquired");
}

CONTRACT(the_sweep_frees_what_is_over_and_nothing_else)
{
	struct store_lease_request ann = manual("ann", PAST_NS), bob = manual("bob", LONG_NS);
	autoleases struct store_leases held = { 0 };

	bob.stack = "other";
	acquire(&ann, STORE_LEASE_GRANTED);
	acquire(&bob, STORE_LEASE_GRANTED);
	cr_expect_eq(store_lease_sweep(s, &err), 1);
	cr_expect_eq(store_lease_sweep(s, &err), 0);
	cr_assert_eq(store_lease_list(s, &held, &err), 0);
	cr_assert_eq(held.n, 1);
	cr_expect_str_eq(held.list[0].stack, "other");
	expect_events("acquired acquired expired");
}

CONTRACT(an_operation_under_a_manual_lock_gets_a_higher_token_and_leaves_it_its_holder)
{
	struct store_lease_request ann = manual("ann", LONG_NS);
	struct store_lease_request op = running("op-1", "here", LONG_NS);
	struct store_lease lock = acquire(&ann, STORE_LEASE_GRANTED), l;

	acquire(&op, STORE_LEASE_HELD);
	op.under = lock.id;
	l = acquire(&op, STORE_LEASE_GRANTED);
	cr_expect_eq(l.token, 2);
	cr_expect_str_eq(l.id, lock.id);
	op.running = "op-2";
	acquire(&op, STORE_LEASE_HELD); /* one at a time */
	cr_expect_eq(store_lease_release(s, "demo", lock.id, "ann", &err), -EBUSY);
	cr_assert_eq(store_lease_end(s, "op-1", &err), 0, "%s", err.message);
	l = now_is();
	cr_expect_str_eq(l.id, lock.id);
	cr_expect_str_empty(l.running);
	cr_expect_eq(l.expires_at_ns, lock.expires_at_ns);
	cr_expect_eq(store_lease_release(s, "demo", lock.id, "ann", &err), 0);
	expect_events("acquired joined released");
}

CONTRACT(running_under_a_lock_that_is_not_held_is_refused)
{
	struct store_lease_request ann = manual("ann", LONG_NS);
	struct store_lease_request op = running("op-1", "here", LONG_NS);
	struct store_lease l = { 0 };

	op.under = "lock-gone";
	cr_expect_eq(store_lease_acquire(s, &op, &l, &err), -EBUSY);
	cr_expect_eq(err.code, SP_E_CONFLICT);
	acquire(&ann, STORE_LEASE_GRANTED);
	cr_expect_eq(store_lease_acquire(s, &op, &l, &err), -EBUSY);
	cr_expect_not_null(strstr(err.message, "lock-gone"));
}

CONTRACT(who_needs_no_lock_runs_beside_a_manual_one_but_never_beside_an_operation)
{
	struct store_lease_request ann = manual("ann", LONG_NS);
	struct store_lease_request op = running("op-1", "here", LONG_NS);

	acquire(&ann, STORE_LEASE_GRANTED);
	op.heedless = true;
	acquire(&op, STORE_LEASE_GRANTED);
	op.running = op.operation = "op-2";
	acquire(&op, STORE_LEASE_HELD);
}

CONTRACT(a_manual_lock_is_renewed_by_its_holder_and_its_token_stays)
{
	struct store_lease_request ann = manual("ann", LONG_NS);
	struct store_lease first = acquire(&ann, STORE_LEASE_GRANTED), l = { 0 };
	struct store_lease_claim claim = { "demo", first.id, "ann" };

	cr_assert_eq(store_lease_extend(s, &claim, 2 * LONG_NS, &l, &err), 0, "%s", err.message);
	l = now_is();
	cr_expect_str_eq(l.id, first.id);
	cr_expect_eq(l.token, first.token);
	cr_expect_gt(l.expires_at_ns, first.expires_at_ns + LONG_NS / 2);
	cr_expect_eq(l.acquired_at_ns, first.acquired_at_ns);
	expect_events("acquired renewed");
}

CONTRACT(a_lock_is_renewed_by_nobody_else_and_not_once_its_time_is_up)
{
	struct store_lease_request ann = manual("ann", LONG_NS),
				   op = running("op-1", "here", LONG_NS);
	struct store_lease first = acquire(&ann, STORE_LEASE_GRANTED), l = { 0 };
	struct store_lease_claim bobs = { "demo", first.id, "bob" }, other = { "demo", "x", "ann" };
	struct store_lease_claim anns = { "demo", first.id, "ann" };

	cr_expect_lt(store_lease_extend(s, &bobs, LONG_NS, &l, &err), 0);
	cr_expect_eq(err.code, SP_E_DENIED);
	cr_expect_lt(store_lease_extend(s, &other, LONG_NS, &l, &err), 0);
	cr_expect_eq(err.code, SP_E_CONFLICT);
	op.under = first.id;
	acquire(&op, STORE_LEASE_GRANTED);
	cr_expect_eq(store_lease_extend(s, &anns, LONG_NS, &l, &err), 0, "%s", err.message);
	cr_assert_eq(store_lease_end(s, "op-1", &err), 0, "%s", err.message);
	cr_expect_eq(store_lease_extend(s, &anns, PAST_NS, &l, &err), 0, "%s", err.message);
	cr_expect_lt(store_lease_extend(s, &anns, LONG_NS, &l, &err), 0);
	cr_expect_eq(err.code, SP_E_NOT_FOUND);
	op.under = NULL;
	l = acquire(&op, STORE_LEASE_GRANTED);
	anns.id = l.id;
	cr_expect_lt(store_lease_extend(s, &anns, LONG_NS, &l, &err), 0);
	cr_expect_eq(err.code, SP_E_CONFLICT, "an operation's own is controld's to renew");
}

CONTRACT(waiters_get_it_in_the_order_they_came)
{
	struct store_lease_request ann = manual("ann", LONG_NS), bob = manual("bob", LONG_NS),
				   cid = manual("cid", LONG_NS), dan = manual("dan", LONG_NS);
	struct store_lease l = acquire(&ann, STORE_LEASE_GRANTED);

	bob.key = "b";
	cid.key = "c";
	bob.queue = cid.queue = true;
	acquire(&bob, STORE_LEASE_HELD);
	acquire(&cid, STORE_LEASE_HELD);
	acquire(&bob, STORE_LEASE_HELD); /* asking again does not lose the place */
	cr_assert_eq(store_lease_release(s, "demo", l.id, "ann", &err), 0);
	l = acquire(&cid, STORE_LEASE_HELD);
	cr_expect_str_empty(l.id, "nobody has it, but it is not the third's turn");
	acquire(&dan, STORE_LEASE_HELD);
	l = acquire(&bob, STORE_LEASE_GRANTED);
	cr_assert_eq(store_lease_release(s, "demo", l.id, "bob", &err), 0);
	acquire(&cid, STORE_LEASE_GRANTED);
}

CONTRACT(a_waiter_who_leaves_holds_up_nobody)
{
	struct store_lease_request ann = manual("ann", LONG_NS), bob = manual("bob", LONG_NS),
				   cid = manual("cid", LONG_NS);
	struct store_lease l = acquire(&ann, STORE_LEASE_GRANTED);
	struct store_waiter first;

	bob.key = "b";
	bob.queue = true;
	acquire(&bob, STORE_LEASE_HELD);
	cr_assert_eq(store_waiter_first(s, "demo", &first, &err), 1);
	cr_expect_str_eq(first.locked_by, "bob");
	cr_assert_eq(store_lease_release(s, "demo", l.id, "ann", &err), 0);
	cr_assert_eq(store_waiter_leave(s, "demo", "b", &err), 0);
	acquire(&cid, STORE_LEASE_GRANTED);
}

CONTRACT(a_waiter_who_falls_silent_loses_the_place)
{
	struct store_lease_request ann = manual("ann", LONG_NS), bob = manual("bob", LONG_NS),
				   cid = manual("cid", LONG_NS);
	struct store_lease l = acquire(&ann, STORE_LEASE_GRANTED);

	bob.key = "b";
	bob.queue = true;
	acquire(&bob, STORE_LEASE_HELD);
	cr_assert_eq(store_write(s, &err, "UPDATE lease_waiters SET alive_until = 1"), 1);
	cr_assert_eq(store_lease_release(s, "demo", l.id, "ann", &err), 0);
	acquire(&cid, STORE_LEASE_GRANTED);
}

/* The clock went back after a waiter had died: it does not hold up the others for as long. */
CONTRACT(a_dead_waiter_from_the_future_holds_up_nobody_and_a_living_one_speaks_again)
{
	struct store_lease_request ann = manual("ann", LONG_NS), bob = manual("bob", LONG_NS),
				   cid = manual("cid", LONG_NS), dan = manual("dan", LONG_NS);
	struct store_lease l = acquire(&ann, STORE_LEASE_GRANTED);

	bob.key = "b";
	cid.key = "c";
	bob.queue = cid.queue = true;
	acquire(&bob, STORE_LEASE_HELD);
	acquire(&cid, STORE_LEASE_HELD);
	cr_assert_eq(store_write(s, &err, "UPDATE lease_waiters SET alive_until = alive_until + $1",
				 DB_I(LONG_NS)),
		     2);
	acquire(&cid, STORE_LEASE_HELD); /* that alone is known to live */
	cr_assert_eq(store_lease_release(s, "demo", l.id, "ann", &err), 0);
	acquire(&dan, STORE_LEASE_HELD);
	acquire(&cid, STORE_LEASE_GRANTED);
}

static void expect_fenced(int r)
{
	cr_expect_eq(r, -ESTALE, "%d: %s", r, err.message);
	cr_expect_eq(err.code, SP_E_FENCED);
}

CONTRACT(a_right_holds_while_it_is_renewed_and_a_lost_one_stays_lost)
{
	struct store_lease_request op = running("op-1", "here", LONG_NS);
	struct store_lease l = acquire(&op, STORE_LEASE_GRANTED);
	struct store_lease_right right = { "op-1", "here", l.token };
	struct store_lease_right old = { "op-1", "here", l.token + 1 };
	struct store_lease_right other = { "op-1", "there", l.token };

	cr_expect_eq(store_lease_check(s, &right, &err), 0, "%s", err.message);
	expect_fenced(store_lease_check(s, &old, &err));
	expect_fenced(store_lease_check(s, &other, &err));
	cr_expect_eq(store_lease_renew(s, &right, PAST_NS, &err), 0, "%s", err.message);
	expect_fenced(store_lease_check(s, &right, &err));
	expect_fenced(store_lease_renew(s, &right, LONG_NS, &err));
	cr_expect_not_null(strstr(err.message, "not renewed in time"));
}

CONTRACT(a_stack_with_an_unfinished_operation_is_not_free_when_its_time_is_up)
{
	struct store_lease_request op = running("op-1", "here", PAST_NS), ann = manual("ann", 1);

	acquire(&op, STORE_LEASE_GRANTED);
	acquire(&ann, STORE_LEASE_HELD);
	cr_expect_eq(store_lease_sweep(s, &err), 0);
}

CONTRACT(force_needs_the_exact_id_and_makes_the_token_grow)
{
	struct store_lease_request ann = manual("ann", LONG_NS);
	struct store_lease l = acquire(&ann, STORE_LEASE_GRANTED), was = { 0 }, after;
	struct store_lease_force f = { "demo", "lock-wrong", "bob", "ann is on holiday" };

	cr_expect_eq(store_lease_force(s, &f, &was, &err), -EBUSY);
	f.id = l.id;
	cr_assert_eq(store_lease_force(s, &f, &was, &err), 0, "%s", err.message);
	cr_expect_str_eq(was.locked_by, "ann");
	after = now_is();
	cr_expect_eq(after.token, l.token + 1);
	cr_expect_not(store_lease_is_held(&after));
	cr_expect_eq(store_lease_release(s, "demo", l.id, "ann", &err), -ENOENT);
	expect_events("acquired forced");
	expect_message("by ann, taken away by bob, token 2: ann is on holiday");
}

CONTRACT(a_stack_nobody_ever_locked_is_unknown)
{
	struct store_lease l = { 0 };

	cr_expect_eq(store_lease_get(s, "nowhere", &l, &err), -ENOENT);
	cr_expect_not_null(strstr(err.message, "nowhere"));
}

static int change_something(const char *name)
{
	return store_stack_set_state(s, name, STORE_STACK_RUNNING, "op-1", &err);
}

CONTRACT(a_command_writes_only_while_its_lock_is_held)
{
	struct store_lease_request command = manual("ann", LONG_NS), bob = manual("bob", LONG_NS);
	struct store_lease l;

	command.kind = STORE_LEASE_OPERATION;
	l = acquire(&command, STORE_LEASE_GRANTED);
	store_lease_guard(s, &l);
	cr_expect_eq(change_something("demo"), 0, "%s", err.message);
	cr_assert_lt(store_write(s, NULL, "UPDATE leases SET expires_at = 1"), 2);
	expect_fenced(change_something("late"));
	store_guard(s, NULL, NULL);
	acquire(&bob, STORE_LEASE_GRANTED);
	store_lease_guard(s, &l);
	expect_fenced(change_something("demo"));
	cr_expect_not_null(strstr(err.message, "lost before the change was made"), "%s",
			   err.message);
	store_guard(s, NULL, NULL);
}
