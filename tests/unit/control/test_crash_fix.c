/*
 * controld killed at every single write of the journal of a drift fix and of a restore: the next
 * one always brings it to its end, with nobody's help, and nothing is done twice that is not to be.
 */
#include "control/store/drift.h"
#include "control/store/snapshot.h"
#include "tests/unit/control/crash_cluster.h"

/* A workload that is gone, a node whose workloads were stopped, and something that nobody asked
 * for. */
static void change_hosts(void)
{
	size_t at;

	pthread_mutex_lock(&agents[0].lock);
	at = fake_find(&agents[0], "demo-db-1");
	cr_assert_lt(at, agents[0].n_specs);
	json_decref(agents[0].specs[at]);
	agents[0].specs[at] = agents[0].specs[--agents[0].n_specs];
	agents[1].stopped = true;
	pthread_mutex_unlock(&agents[0].lock);
	agents[1].extra = true;
}

static void expect_repaired(const struct outcome *o)
{
	autojson json_t *report = NULL;

	expect_whole(o);
	cr_expect_not(agents[1].stopped, "write %d: started again", o->at);
	cr_expect_not(agents[1].extra, "write %d: removed", o->at);
	cr_assert_eq(store_drift_get(o->s, "demo", &report, &err), 0, "%s", err.message);
	cr_expect_eq(json_array_size(json_object_get(report, "findings")), 0, "write %d: %zu left",
		     o->at, json_array_size(json_object_get(report, "findings")));
}

/* Each repaired finding is told once, whichever attempt has repaired it. */
static void expect_told(const struct outcome *o, size_t wanted)
{
	struct store_event_filter f = { .operation = member(o->op, "id"),
					.type = "drift.fixed",
					.limit = 100 };
	autojson json_t *list = NULL, *told = json_object();
	const json_t *one;
	int64_t next;
	size_t i;

	cr_assert_eq(store_event_list(o->s, &f, &list, &next, &err), 0, "%s", err.message);
	json_array_foreach (list, i, one) {
		const json_t *finding = json_object_get(one, "fields");
		autofree char *which = sp_str_format("%s/%s", member(finding, "resource"),
						     member(finding, "field"));

		cr_expect_null(json_object_get(told, which), "write %d: '%s' twice", o->at, which);
		json_object_set_new(told, which, json_true());
	}
	cr_expect_eq(json_object_size(told), wanted, "write %d: %zu told, not %zu", o->at,
		     json_object_size(told), wanted);
}

static int fix_killed(const char *request, enum crash_when when, int at)
{
	struct crash_order fix = { .kind = "drift-fix" };
	int attempts;

	snprintf(fix.request, sizeof(fix.request), "%s", request);
	change_hosts();
	forget_starts();
	attempts = crash(fix, when, at);
	if (attempts) {
		struct outcome o = look(at);

		expect_ended(&o, "succeeded", attempts);
		expect_stack_of(&o, "running");
		cr_expect_eq(starts_of("demo-db-1"), 1, "write %d: put once", at);
		if (!strcmp(request, "{}"))
			expect_repaired(&o);
		expect_told(&o, strcmp(request, "{}") != 0 ? 1 : agents[1].n_specs + 2);
		outcome_fini(&o);
	}
	agents[1].stopped = agents[1].extra = false;
	return attempts;
}

static void fix_killed_everywhere(const char *request, enum crash_when when, int at_least)
{
	int at;

	deploy_whole(OLD);
	for (at = 1; at < WRITES_MAX && fix_killed(request, when, at); at++) {
	}
	cr_expect_gt(at, at_least);
	cr_assert_lt(at, WRITES_MAX);
}

ON_BOTH(a_drift_fix_killed_before_any_write_is_finished)
{
	fix_killed_everywhere("{}", CRASH_BEFORE, 10);
}

ON_BOTH(a_drift_fix_killed_after_any_write_is_finished)
{
	fix_killed_everywhere("{}", CRASH_AFTER, 10);
}

/* What was meant may be repaired by the attempt that was killed, and be no finding any more. */
Test(sqlite, a_drift_fix_of_one_resource_killed_after_any_write_is_finished)
{
	fix_killed_everywhere("{\"resource\": \"demo-db-1\"}", CRASH_AFTER, 6);
}

static int64_t last_snapshot(void)
{
	autosnapshots struct store_snapshots snapshots = { 0 };
	int64_t version;

	s = scratch_store();
	cr_assert_eq(store_snapshot_list(s, "demo", &snapshots, &err), 0, "%s", err.message);
	cr_assert_gt(snapshots.n, 0);
	version = snapshots.list[0].version;
	store_close(s);
	s = NULL;
	return version;
}

/* The last snapshot is what ran before: each restore brings the other side back. */
static void restore_killed_everywhere(enum crash_when when)
{
	int at, attempts;

	deploy_whole(OLD TASKS);
	deploy_whole(NEW TASKS);
	for (at = 1; at < WRITES_MAX; at++) {
		struct crash_order restore = { .kind = "restore" };
		struct outcome o;

		snprintf(restore.request, sizeof(restore.request), "{\"snapshot\": %lld}",
			 (long long)last_snapshot());
		forget_starts();
		attempts = crash(restore, when, at);
		if (!attempts)
			break;
		o = look(at);
		expect_ended(&o, "succeeded", attempts);
		expect_stack_of(&o, "running");
		expect_whole(&o);
		expect_started(all, 1, at);
		cr_expect_eq(starts_of("demo-db-1"), 1, "write %d: the other side is back", at);
		outcome_fini(&o);
	}
	cr_expect_gt(at, 20);
	cr_assert_lt(at, WRITES_MAX);
}

ON_BOTH(a_restore_killed_before_any_write_is_finished_and_starts_nothing_twice)
{
	restore_killed_everywhere(CRASH_BEFORE);
}

ON_BOTH(a_restore_killed_after_any_write_is_finished_and_starts_nothing_twice)
{
	restore_killed_everywhere(CRASH_AFTER);
}
