/*
 * A deploy of a stack that requires another, raced by a destroy of that other one: whichever comes
 * first in the store wins, and a stack never runs on one that was destroyed.
 */
#include <limits.h>

#include "control/deploy/destroy.h"
#include "tests/unit/control/cluster_engines.h"

#define ROUNDS 12

static void begin_on(const char *kind, const char *stack, const char *request,
		     char id[STORE_NAME_MAX])
{
	struct store_operation_request q = {
		.kind = kind,
		.stack = stack,
		.requested_by = "test",
		.request = request,
		.lock = { .runner = c.runner, .ttl_ns = c.config.lock_ttl_ns },
	};

	cr_assert_eq(store_operation_begin(s, &q, id, &err), 0, "%s", err.message);
	cr_assert_eq(workers_queue(c.workers, id, &err), 0);
}

static void begin_deploy(const char *stack, const char *extension, char id[STORE_NAME_MAX])
{
	autofree char *text = sp_str_format("services:\n  one:\n    image: app\n%s\n", extension);
	autojson json_t *bundle = json_pack("{s:s, s:s, s:s, s:{}, s:{}}", "name", stack, "file",
					    "stack.yaml", "text", text, "variables", "files");
	autofree char *request = sp_json_text(bundle);

	begin_on("deploy", stack, request, id);
}

static void begin_destroy(const char *stack, bool force, char id[STORE_NAME_MAX])
{
	autofree char *request = NULL;

	cr_assert_eq(destroy_request(false, force, &request, &err), 0);
	begin_on("destroy", stack, request, id);
}

/* "succeeded", or what else it came to. */
static char *outcome_of(const char *id)
{
	autojson json_t *op = finished(id);

	return strdup(member(op, "state"));
}

static void expect_outcome(const char *id, const char *wanted)
{
	autojson json_t *op = finished(id);

	expect_state(op, wanted);
}

static int64_t revision_of(const char *stack)
{
	struct store_stack st;

	return store_stack_get(s, stack, &st, NULL) < 0 ? 0 : st.revision;
}

static void expect_no_orphan(int round, const char *deploy, const char *destroy)
{
	bool there = revision_of("base") > 0;

	cr_expect(revision_of("top") == 0 || there,
		  "round %d: 'top' runs without 'base' (deploy %s, destroy %s)", round, deploy,
		  destroy);
	cr_expect(strcmp(deploy, "succeeded") != 0 || strcmp(destroy, "succeeded") != 0,
		  "round %d: both succeeded", round);
}

static void let_pass(int round)
{
	nanosleep(&(struct timespec){ .tv_nsec = (round % 4) * 4 * (long)SP_NS_PER_MS }, NULL);
}

ON_BOTH(no_stack_runs_on_one_that_was_destroyed)
{
	char base[STORE_NAME_MAX], top[STORE_NAME_MAX], gone[STORE_NAME_MAX];

	for (int round = 0; round < ROUNDS; round++) {
		autofree char *deployed = NULL, *destroyed = NULL;

		begin_deploy("base", "", base);
		expect_outcome(base, "succeeded");
		if (round % 2) {
			begin_deploy("top", "x-stackpilot: {requires: [base]}", top);
			let_pass(round);
			begin_destroy("base", false, gone);
		} else {
			begin_destroy("base", false, gone);
			let_pass(round);
			begin_deploy("top", "x-stackpilot: {requires: [base]}", top);
		}
		deployed = outcome_of(top);
		destroyed = outcome_of(gone);
		expect_no_orphan(round, deployed, destroyed);
		if (revision_of("top")) {
			begin_destroy("top", true, gone);
			expect_outcome(gone, "succeeded");
		}
	}
}

static void refuse(int puts)
{
	agents[0].refusals = agents[1].refusals = puts;
}

/* The deploy is placed and its agents refuse; then what it requires is destroyed, by force. */
Test(sqlite, a_deploy_whose_ground_is_destroyed_by_force_meanwhile_is_reverted)
{
	char base[STORE_NAME_MAX], top[STORE_NAME_MAX], gone[STORE_NAME_MAX], node[STORE_NAME_MAX];
	int64_t deadline = sp_time_mono_ns() + DEADLINE_NS;

	begin_deploy("base", "", base);
	expect_outcome(base, "succeeded");
	refuse(INT_MAX);
	begin_deploy("top", "x-stackpilot: {requires: [base]}", top);
	while (store_step_node(s, "top-one-1", node, &err) != 1)
		cr_assert(sp_time_mono_ns() < deadline);
	begin_destroy("base", false, gone);
	autojson json_t *refused = finished(gone);

	expect_state(refused, "failed");
	cr_expect_str_eq(member(json_object_get(refused, "error"), "message"),
			 "the stack 'base' is required by 'top', which is being deployed");
	begin_destroy("base", true, gone);
	expect_outcome(gone, "succeeded");
	refuse(0);
	expect_outcome(top, "reverted");
	cr_expect_eq(revision_of("top"), 0);
}

Test(sqlite, a_destroy_that_is_refused_leaves_the_stack_as_it_was)
{
	char base[STORE_NAME_MAX], top[STORE_NAME_MAX], gone[STORE_NAME_MAX];
	struct store_stack st;

	begin_deploy("base", "", base);
	expect_outcome(base, "succeeded");
	begin_deploy("top", "x-stackpilot: {requires: [base]}", top);
	expect_outcome(top, "succeeded");
	begin_destroy("base", false, gone);
	autojson json_t *op = finished(gone);

	expect_state(op, "failed");
	cr_expect_str_eq(member(json_object_get(op, "error"), "message"),
			 "the stack 'base' is required by 'top'");
	cr_assert_eq(store_stack_get(s, "base", &st, &err), 0, "%s", err.message);
	cr_expect_str_eq(st.state, "running");
	begin_destroy("base", true, gone);
	expect_outcome(gone, "succeeded");
}
