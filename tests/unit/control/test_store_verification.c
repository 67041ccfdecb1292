/* What ctl verify came to, as the store keeps it. */
#include "control/store/verification.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "control/store/snapshot.h"
#include "tests/unit/control/records.h"

static int64_t run_revision(void)
{
	int64_t revision;

	store_stack_set_state(s, "demo", STORE_STACK_DEPLOYING, "op-1", &err);
	cr_assert_eq(store_revision_add(s, "demo", "d", "{}", &revision, &err), 0, "%s",
		     err.message);
	cr_assert_eq(store_stack_commit(s, "demo", revision, &err), 0, "%s", err.message);
	cr_assert_geq(store_stack_set_state(s, "demo", STORE_STACK_RUNNING, "op-1", &err), 0);
	return revision;
}

static int64_t keep_snapshot(int64_t revision)
{
	struct store_snapshot n = { .stack = "demo",
				    .cause = "request",
				    .creator = "ann",
				    .revision = revision,
				    .summary = json_object() };
	int64_t version;

	cr_assert_eq(sp_digest_of("x", 1, n.content, &err), 0);
	cr_assert_eq(store_snapshot_add(s, &n, "x", &err), 0, "%s", err.message);
	version = n.version;
	store_snapshot_fini(&n);
	return version;
}

static int prove(int64_t revision, bool ok)
{
	struct store_verification v = { .stack = "demo",
					.revision = revision,
					.ok = ok,
					.passed = 7,
					.failed = ok ? 0 : 1,
					.verified_by = "operator:ann" };

	return store_verification_put(s, &v, &err);
}

static void expect_proved(int64_t version, const char *by)
{
	autosnapshot struct store_snapshot n = { 0 };

	cr_assert_eq(store_snapshot_get(s, "demo", version, &n, &err), 0, "%s", err.message);
	cr_expect_str_eq(n.verified_by, by, "v%d: '%s'", (int)version, n.verified_by);
	cr_expect_eq(n.verified_at_ns != 0, *by != '\0');
}

CONTRACT(the_last_one_of_a_stack_is_kept_with_its_event)
{
	struct store_verification v;
	int64_t revision = run_revision(), next;

	cr_assert_eq(store_verification_get(s, "demo", &v, &err), 0, "there is none yet");
	cr_assert_eq(prove(revision, false), 0, "%s", err.message);
	cr_assert_eq(prove(revision, true), 0, "%s", err.message);
	cr_assert_eq(store_verification_get(s, "demo", &v, &err), 1, "%s", err.message);
	cr_expect(v.ok);
	cr_expect_eq(v.revision, revision);
	cr_expect_eq(v.passed, 7);
	cr_expect_gt(v.at_ns, 0);
	cr_expect_str_eq(v.verified_by, "operator:ann");
	autojson json_t *events =
		events_of((struct store_event_filter){ .type = "stack.verified" }, &next);
	const json_t *fields = json_object_get(json_array_get(events, 1), "fields");

	cr_assert_eq(json_array_size(events), 2);
	cr_expect(json_is_true(json_object_get(fields, "ok")));
	cr_expect_eq(json_integer_value(json_object_get(fields, "revision")), revision);
}

CONTRACT(one_that_passed_marks_the_snapshots_of_its_revision_and_no_others)
{
	int64_t first = run_revision(), old = keep_snapshot(first), second, new;

	second = run_revision();
	new = keep_snapshot(second);
	cr_assert_eq(prove(second, false), 0, "%s", err.message);
	expect_proved(new, "");
	cr_assert_eq(prove(second, true), 0, "%s", err.message);
	expect_proved(new, "operator:ann");
	expect_proved(old, "");
}

CONTRACT(it_marks_no_snapshot_of_a_stack_of_that_name_that_was_destroyed_before)
{
	int64_t revision = run_revision(), old = keep_snapshot(revision);

	cr_assert_geq(store_stack_remove(s, "demo", "op-2", &err), 0, "%s", err.message);
	cr_assert_eq(run_revision(), revision, "numbers begin anew");
	cr_assert_eq(prove(revision, true), 0, "%s", err.message);
	expect_proved(old, "");
}

CONTRACT(of_a_revision_that_runs_no_more_it_is_refused)
{
	int64_t first = run_revision();

	run_revision();
	cr_expect_eq(prove(first, true), -EBUSY);
	cr_expect_not_null(strstr(err.message, "revision 2 by now"), "%s", err.message);
	cr_assert_geq(store_stack_remove(s, "demo", "op-2", &err), 0);
	cr_expect_eq(prove(first, true), -ENOENT);
}

/* Two were proved by their gates, one by ctl verify; only those three reasons keep one. */
CONTRACT(retention_keeps_the_last_that_was_proved_and_the_last_that_passed_its_gates)
{
	const struct store_snapshot_policy policy = { .keep = 1 };
	autosnapshots struct store_snapshots left = { 0 };
	int64_t revision = run_revision(), proved, gates;

	keep_snapshot(revision);
	proved = keep_snapshot(revision);
	cr_assert_eq(prove(revision, true), 0);
	revision = run_revision();
	gates = keep_snapshot(revision);
	cr_assert_eq(store_snapshot_restored(s, "demo", gates, "op-9", &err), 0, "%s", err.message);
	keep_snapshot(revision);
	keep_snapshot(revision);
	cr_assert_eq(store_snapshot_prune(s, "demo", &policy, &err), 2, "%s", err.message);
	cr_assert_eq(store_snapshot_list(s, "demo", &left, &err), 0);
	cr_assert_eq(left.n, 3);
	cr_expect_eq(left.list[1].version, gates);
	cr_expect_eq(left.list[2].version, proved);
}
