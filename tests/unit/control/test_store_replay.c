/* The events of a stack, replayed in order, are its state: nothing else is needed to know it. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/store/expiry.h"
#include "tests/unit/control/records.h"
#include "tests/unit/control/replay.h"

#define STEPS   150
#define LONG_NS (3600 * SP_NS_PER_S)

/* What may happen to a stack; dice decides the details. Refusals are part of it. */

static const char *an_operation(unsigned int dice)
{
	static char id[STORE_NAME_MAX];

	snprintf(id, sizeof(id), "op-x%u", dice % 7);
	return id;
}

static void set_state(unsigned int dice)
{
	enum store_stack_state states[] = { STORE_STACK_DEPLOYING, STORE_STACK_RUNNING,
					    STORE_STACK_FAILED, STORE_STACK_DESTROYING };

	cr_assert_geq(store_stack_set_state(s, "demo", states[dice % 4], an_operation(dice), &err),
		      0, "%s", err.message);
}

static void commit(unsigned int dice)
{
	char digest[32];
	int64_t revision;

	snprintf(digest, sizeof(digest), "sha256:%u", dice);
	if (store_revision_add(s, "demo", digest, "{}", &revision, NULL) < 0)
		return;
	if (dice % 3 == 0 && revision > 1)
		revision--; /* back to an older one, or the same again */
	cr_assert_eq(store_stack_commit(s, "demo", revision, &err), 0, "%s", err.message);
}

static void destroy(unsigned int dice)
{
	cr_assert_geq(store_stack_remove(s, "demo", an_operation(dice), &err), 0, "%s",
		      err.message);
}

static void lock(unsigned int dice)
{
	struct store_lease_request q = { .stack = "demo",
					 .kind = STORE_LEASE_MANUAL,
					 .locked_by = dice % 2 ? "ann" : "bob",
					 .requested_by = "ann",
					 .ttl_ns = dice % 5 ? LONG_NS : 1 };
	struct store_lease l = { 0 };

	cr_assert_geq(store_lease_acquire(s, &q, &l, &err), 0, "%s", err.message);
	cr_assert_geq(store_lease_sweep(s, &err), 0, "%s", err.message);
}

static void unlock(unsigned int dice)
{
	struct store_lease l = { 0 };
	struct store_lease_force f = { .stack = "demo", .id = l.id, .by = "eve", .reason = "r" };

	store_lease_get(s, "demo", &l, NULL);
	if (dice % 3 == 0)
		store_lease_extend(s, &(struct store_lease_claim){ "demo", l.id, "ann" }, LONG_NS,
				   &l, NULL);
	else if (dice % 2)
		store_lease_force(s, &f, &l, NULL);
	else
		store_lease_release(s, "demo", l.id, "ann", NULL);
}

/* A deploy from its lock to its end, under the manual lock when there is one. */
static void deploy(unsigned int dice)
{
	struct store_lease l = { 0 };
	struct store_operation_request q = { .kind = "deploy",
					     .stack = "demo",
					     .requested_by = "ann",
					     .request = "{}",
					     .lock = { .ttl_ns = LONG_NS, .locked_by = "carol" } };
	char id[STORE_NAME_MAX];

	store_lease_get(s, "demo", &l, NULL);
	q.lock.under = *l.id ? l.id : NULL;
	cr_assert_eq(store_operation_begin(s, &q, id, &err), STORE_OPERATION_BEGUN, "%s",
		     err.message);
	store_stack_set_state(s, "demo", STORE_STACK_DEPLOYING, id, &err);
	commit(dice);
	store_stack_set_state(s, "demo", dice % 2 ? STORE_STACK_RUNNING : STORE_STACK_FAILED, id,
			      &err);
	cr_assert_eq(store_operation_finish(
			     s, id, dice % 2 ? STORE_OPERATION_SUCCEEDED : STORE_OPERATION_REVERTED,
			     NULL, &err),
		     0, "%s", err.message);
}

/* An operation whose controld dies, is taken over, and ends well or is cut off. */
static void take_over(unsigned int dice)
{
	char id[STORE_NAME_MAX];
	struct store_operation_request q = { .kind = "deploy",
					     .stack = "demo",
					     .requested_by = "ann",
					     .request = "{}",
					     .lock = { .ttl_ns = LONG_NS, .runner = "a" } };
	struct store_lease_takeover t = {
		.operation = id, .runner = "a", .ttl_ns = LONG_NS, .restarted = true
	};
	struct store_lease l = { 0 };
	struct store_lease_force f = { .stack = "demo", .id = l.id, .by = "eve", .reason = "r" };

	store_lease_get(s, "demo", &l, NULL);
	q.lock.under = *l.id ? l.id : NULL;
	cr_assert_eq(store_operation_begin(s, &q, id, &err), STORE_OPERATION_BEGUN, "%s",
		     err.message);
	store_stack_set_state(s, "demo", STORE_STACK_DEPLOYING, id, &err);
	for (unsigned int i = 0; i < dice % 3; i++)
		cr_assert_eq(store_operation_take_over(s, &t, &err), STORE_LEASE_GRANTED, "%s",
			     err.message);
	store_lease_get(s, "demo", &l, NULL);
	if (dice % 2)
		cr_assert_eq(store_lease_force(s, &f, &l, &err), 0, "%s", err.message);
	else
		cr_assert_eq(store_operation_finish(s, id, STORE_OPERATION_SUCCEEDED, NULL, &err),
			     0, "%s", err.message);
}

static void snapshot(unsigned int dice)
{
	struct store_snapshot n = { .stack = "demo", .cause = "request", .creator = "ann" };
	char text[32];

	if (dice % 3 == 0) {
		store_snapshot_remove(s, "demo", dice % 16, "asked for", NULL);
		return;
	}
	if (dice % 5 == 0) {
		store_snapshot_restored(s, "demo", dice % 16, an_operation(dice), NULL);
		return;
	}
	snprintf(text, sizeof(text), "content %u", dice % 4);
	cr_assert_eq(sp_digest_of(text, strlen(text), n.content, &err), 0);
	n.summary = json_object();
	cr_assert_eq(store_snapshot_add(s, &n, text, &err), 0, "%s", err.message);
	store_snapshot_fini(&n);
}

static void expire(unsigned int dice)
{
	int64_t at;

	store_expiry_set(s, "demo", dice % 3 ? LONG_NS : 0, an_operation(dice), &at, NULL);
	store_expiry_waits(s, "demo", dice % 2 ? "locked" : "required", NULL);
}

static void verify(unsigned int dice)
{
	struct store_verification v = { .stack = "demo", .ok = dice % 2, .verified_by = "ann" };
	struct store_stack row = { 0 };

	if (store_stack_get(s, "demo", &row, NULL) < 0)
		return;
	v.revision = row.revision;
	cr_assert_eq(store_verification_put(s, &v, &err), 0, "%s", err.message);
}

static void (*const happenings[])(unsigned int dice) = { set_state, commit,   destroy,  lock,
							 unlock,    deploy,   snapshot, expire,
							 verify,    take_over };

CONTRACT(the_events_of_a_stack_replayed_are_its_state)
{
	struct known k = { .store = s };
	unsigned int seed = 20261121;
	int64_t cursor = 0;

	for (int step = 0; step < STEPS; step++) {
		size_t what = (size_t)rand_r(&seed) % SP_COUNT(happenings);

		happenings[what]((unsigned int)rand_r(&seed));
		replay(&k, &cursor);
		expect_rows(&k, step);
	}
	cr_expect_gt(cursor, STEPS / 2);
}

CONTRACT(an_execution_tells_its_kind_and_a_commit_of_what_runs_tells_nothing)
{
	struct store_event_filter f = { .stack = "demo", .type = "stack." };
	char id[STORE_NAME_MAX];
	int64_t revision, next;

	begin("demo", NULL, id, STORE_OPERATION_BEGUN);
	store_stack_set_state(s, "demo", STORE_STACK_DEPLOYING, id, &err);
	cr_assert_eq(store_revision_add(s, "demo", "d1", "{}", &revision, &err), 0);
	cr_assert_eq(store_stack_commit(s, "demo", revision, &err), 0);
	cr_assert_eq(store_stack_commit(s, "demo", revision, &err), 0);
	autojson json_t *list = events_of(f, &next);
	cr_assert_eq(json_array_size(list), 3);
	const json_t *started = json_array_get(list, 1), *updated = json_array_get(list, 2);
	cr_expect_str_eq(text_of(started, "type"), "stack.execution.started");
	cr_expect_str_eq(text_of(json_object_get(started, "fields"), "kind"), "deploy");
	cr_expect_str_eq(text_of(updated, "type"), "stack.updated");
	cr_expect_str_eq(text_of(updated, "operation"), id);
	cr_expect_str_eq(text_of(json_object_get(updated, "fields"), "digest"), "d1");
}

CONTRACT(an_execution_that_fails_says_so_whatever_state_the_stack_is_in)
{
	struct store_event_filter f = { .stack = "demo", .type = "stack.execution.failed" };
	static const char *const states[] = { "", "running", "failed" };
	int64_t next;

	cr_assert_eq(store_stack_untouched(s, "demo", "op-1", &err), 0);
	cr_assert_eq(store_stack_fail(s, "demo", STORE_STACK_RUNNING, "op-2", &err), 0);
	cr_assert_eq(store_stack_fail(s, "demo", STORE_STACK_FAILED, "op-3", &err), 0);
	autojson json_t *list = events_of(f, &next);
	cr_assert_eq(json_array_size(list), SP_COUNT(states));
	for (size_t i = 0; i < SP_COUNT(states); i++)
		cr_expect_str_eq(
			text_of(json_object_get(json_array_get(list, i), "fields"), "state"),
			states[i]);
}
