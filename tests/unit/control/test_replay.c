/*
 * Whatever happens to a stack through a whole controld, its events replayed are its state: a
 * deploy, one that fails, a drift fix, an operation that is taken over, a lock that is taken away
 * from a running one, a restore, a destroy.
 */
#include "control/operation/lease_keeper.h"
#include "tests/unit/control/cluster_engines.h"
#include "tests/unit/control/replay.h"

static struct known known;
static int64_t cursor;

static void expect_replayed(const json_t *op, const char *state, int step)
{
	expect_state(op, state);
	known.store = s;
	replay(&known, &cursor);
	expect_rows(&known, step);
}

static void wait_for_step(const char *resource)
{
	int64_t deadline = sp_time_mono_ns() + DEADLINE_NS;
	char node[STORE_NAME_MAX];

	for (;;) {
		uint64_t mark = watch_mark(c.watch);

		if (store_step_node(s, resource, node, &err) == 1)
			return;
		cr_assert(watch_wait(c.watch, mark, deadline), "'%s' is not begun", resource);
	}
}

/* Its lock is taken away while it waits for what is never ready. */
static json_t *cut_off(void)
{
	autofree char *request = bundle_of(DB "  slow:\n    image: app\n", "rollback");
	struct store_lease l = { 0 };
	struct store_lease_force f = { .stack = "demo", .id = l.id, .by = "eve", .reason = "r" };
	char id[STORE_NAME_MAX];

	c.config.gate_timeout_ns = 3600 * SP_NS_PER_S;
	begin("deploy", request, id);
	wait_for_step("demo-slow-1");
	cr_assert_eq(store_lease_get(s, "demo", &l, &err), 0, "%s", err.message);
	cr_assert_eq(store_lease_force(s, &f, &l, &err), 0, "%s", err.message);
	lease_keeper_kick(c.keeper);
	c.config.gate_timeout_ns = 700 * SP_NS_PER_MS;
	return finished(id);
}

static json_t *run(const char *kind, const char *request)
{
	char id[STORE_NAME_MAX];

	begin(kind, request, id);
	return finished(id);
}

ON_BOTH(the_events_of_a_stack_replayed_are_its_state_whatever_happens)
{
	autofree char *update = bundle_of(DB "    user: '5'\n", "rollback");
	autojson json_t *first = deploy(DB), *op = NULL;

	expect_replayed(first, "succeeded", 1);
	op = taken_over("deploy", update, 0);
	expect_replayed(op, "succeeded", 2);
	json_decref(op);
	op = deploy("  bad:\n    image: app\n");
	expect_replayed(op, "reverted", 3);
	json_decref(op);
	agents[1].extra = true;
	op = run("drift-fix", "{}");
	expect_replayed(op, "succeeded", 4);
	json_decref(op);
	op = cut_off();
	expect_replayed(op, "failed", 5);
	json_decref(op);
	op = run("restore", "{\"snapshot\": 1}");
	expect_replayed(op, "succeeded", 6);
	json_decref(op);
	op = destroy("{}");
	expect_replayed(op, "succeeded", 7);
	cr_expect_not(known.exists);
}
