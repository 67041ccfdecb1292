/* The events of a stack, replayed in order, are its state: nothing else is needed to know it. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "control/store/expiry.h"
#include "control/store/lease.h"
#include "control/store/snapshot.h"
#include "control/store/verification.h"
#include "tests/unit/control/records.h"

#define STEPS   150
#define LONG_NS (3600 * SP_NS_PER_S)

struct known {
	bool exists;
	char state[16], digest[SP_DIGEST_MAX], operation[STORE_NAME_MAX];
	int64_t revision, token;
	char lock[STORE_LEASE_ID_MAX], holder[STORE_LEASE_NAME_MAX];
	uint64_t snapshots; /* a bit for each version */
	char expires[SP_TIME_STAMP_MAX];
	int64_t proved; /* revision that ctl verify proved last */
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	cr_assert_not_null(text, "there is no '%s'", key);
	return text;
}

static int64_t number_of(const json_t *object, const char *key)
{
	cr_assert(json_is_integer(json_object_get(object, key)), "there is no '%s'", key);
	return json_integer_value(json_object_get(object, key));
}

/* What is told of a stack without giving it another state; true: it was such an event. */
static bool fold_mark(struct known *k, const char *type, const json_t *fields)
{
	const char *at = json_string_value(json_object_get(fields, "expires_at"));

	if (!strcmp(type, "expires"))
		snprintf(k->expires, sizeof(k->expires), "%s", at ? at : "");
	else if (!strcmp(type, "verified"))
		k->proved = number_of(fields, "revision");
	else
		return !strcmp(type, "overdue");
	return true;
}

static void fold_stack(struct known *k, const char *type, const json_t *e, const json_t *fields)
{
	if (fold_mark(k, type, fields))
		return;
	if (!strcmp(type, "created")) {
		cr_assert_not(k->exists);
		k->exists = true;
		k->expires[0] = '\0';
		k->proved = 0;
		k->revision = 0;
		k->digest[0] = '\0';
	} else if (!strcmp(type, "destroyed")) {
		cr_assert(k->exists);
		k->exists = false;
		return;
	} else if (!strcmp(type, "updated")) {
		k->revision = number_of(fields, "revision");
		snprintf(k->digest, sizeof(k->digest), "%s", text_of(fields, "digest"));
		return;
	}
	snprintf(k->state, sizeof(k->state), "%s", text_of(fields, "state"));
	snprintf(k->operation, sizeof(k->operation), "%s", text_of(e, "operation"));
}

static void fold_lock(struct known *k, const char *type, const json_t *fields)
{
	bool held =
		!strcmp(type, "acquired") || !strcmp(type, "joined") || !strcmp(type, "renewed");

	k->token = number_of(fields, "token");
	snprintf(k->lock, sizeof(k->lock), "%s", held ? text_of(fields, "id") : "");
	snprintf(k->holder, sizeof(k->holder), "%s", held ? text_of(fields, "locked_by") : "");
}

static void fold_snapshot(struct known *k, const char *type, const json_t *fields)
{
	uint64_t bit = UINT64_C(1) << number_of(fields, "version");

	if (!strcmp(type, "created"))
		k->snapshots |= bit;
	else if (!strcmp(type, "deleted"))
		k->snapshots &= ~bit;
}

static void fold(struct known *k, const json_t *e)
{
	const char *type = text_of(e, "type");
	const json_t *fields = json_object_get(e, "fields");

	if (sp_str_starts(type, "stack."))
		fold_stack(k, type + strlen("stack."), e, fields);
	else if (sp_str_starts(type, "lock."))
		fold_lock(k, type + strlen("lock."), fields);
	else if (sp_str_starts(type, "snapshot."))
		fold_snapshot(k, type + strlen("snapshot."), fields);
}

static void replay(struct known *k, int64_t *cursor)
{
	struct store_event_filter f = { .stack = "demo", .after = *cursor };
	autojson json_t *list = events_of(f, cursor);
	json_t *e;
	size_t i;

	json_array_foreach (list, i, e)
		fold(k, e);
}

static uint64_t versions_there(void)
{
	autosnapshots struct store_snapshots all = { 0 };
	uint64_t bits = 0;

	cr_assert_eq(store_snapshot_list(s, "demo", &all, &err), 0, "%s", err.message);
	for (size_t i = 0; i < all.n; i++)
		bits |= UINT64_C(1) << all.list[i].version;
	return bits;
}

static void expect_marks(const struct known *k, const struct store_stack *row, int step)
{
	struct store_verification v = { 0 };
	char at[SP_TIME_STAMP_MAX] = "";

	if (row->expires_at_ns)
		sp_time_format(row->expires_at_ns, at);
	cr_assert_str_eq(k->expires, at, "step %d", step);
	cr_assert_geq(store_verification_get(s, "demo", &v, &err), 0, "%s", err.message);
	cr_assert_eq(k->proved, v.revision, "step %d", step);
}

static void expect_rows(const struct known *k, int step)
{
	struct store_stack row = { 0 };
	struct store_lease lease = { 0 };
	bool exists = store_stack_get(s, "demo", &row, NULL) == 0;

	cr_assert_eq(k->exists, exists, "step %d", step);
	if (exists) {
		cr_assert_str_eq(k->state, row.state, "step %d", step);
		cr_assert_str_eq(k->digest, row.digest, "step %d", step);
		cr_assert_str_eq(k->operation, row.operation, "step %d", step);
		cr_assert_eq(k->revision, row.revision, "step %d", step);
		expect_marks(k, &row, step);
	}
	store_lease_get(s, "demo", &lease, NULL);
	cr_assert_eq(k->token, lease.token, "step %d", step);
	cr_assert_str_eq(k->lock, lease.id, "step %d", step);
	cr_assert_str_eq(k->holder, lease.locked_by, "step %d", step);
	cr_assert_eq(k->snapshots, versions_there(), "step %d", step);
}

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

static void snapshot(unsigned int dice)
{
	struct store_snapshot n = { .stack = "demo", .cause = "request", .creator = "ann" };
	char text[32];

	if (dice % 3 == 0) {
		store_snapshot_remove(s, "demo", dice % 16, "asked for", NULL);
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

static void (*const happenings[])(unsigned int dice) = { set_state, commit, destroy, lock,  unlock,
							 snapshot,  deploy, expire,  verify };

CONTRACT(the_events_of_a_stack_replayed_are_its_state)
{
	struct known k = { 0 };
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
