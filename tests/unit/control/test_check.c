/* The look for drift that a deploy ends with: it tells, and fails nothing. */
#include "control/store/drift.h"
#include "tests/unit/control/fake_cluster.h"

TestSuite(check, .init = start_all, .fini = stop_all, .timeout = 60);

static const json_t *step_named(const json_t *op, const char *name)
{
	const json_t *step, *found = NULL;
	size_t i;

	json_array_foreach (json_object_get(op, "steps"), i, step) {
		if (!strcmp(member(step, "name"), name))
			found = step;
	}
	return found;
}

static size_t count_events(const char *type)
{
	struct store_event_filter f = { .type = type, .limit = 100 };
	autojson json_t *list = NULL;
	int64_t next;

	cr_assert_eq(store_event_list(s, &f, &list, &next, &err), 0, "%s", err.message);
	return json_array_size(list);
}

Test(check, of_hosts_that_have_what_was_deployed_says_so)
{
	autojson json_t *op = deploy(DB API), *report = NULL;

	expect_state(op, "succeeded");
	cr_expect_str_eq(member(step_named(op, "drift-check"), "message"), "as deployed");
	cr_expect_eq(json_object_size(json_object_get(op, "warnings")), 0);
	cr_assert_eq(store_drift_get(s, "demo", &report, &err), 0, "%s", err.message);
	cr_expect_eq(json_array_size(json_object_get(report, "findings")), 0);
}

Test(check, that_finds_a_difference_warns_and_reverts_nothing)
{
	autojson json_t *op = NULL, *report = NULL;

	agents[0].extra = true;
	op = deploy(DB);
	expect_state(op, "succeeded");
	expect_stack("running", 1);
	cr_expect_str_eq(member(json_object_get(op, "warnings"), "drift"),
			 "1 difference: demo-old-1/cgroup");
	cr_assert_eq(store_drift_get(s, "demo", &report, &err), 0, "%s", err.message);
	cr_expect_eq(json_array_size(json_object_get(report, "findings")), 1);
	cr_expect_eq(count_events("drift.detected"), 1);
	expect_calls(&agents[0], PULLED "PUT demo-db-1,");
}

Test(check, is_made_too_where_nothing_had_to_be_changed)
{
	autojson json_t *first = deploy(DB), *second = NULL;

	expect_state(first, "succeeded");
	agents[1].extra = true;
	second = deploy(DB);
	expect_state(second, "succeeded");
	expect_stack("running", 1);
	cr_expect_str_eq(member(json_object_get(second, "warnings"), "drift"),
			 "1 difference: demo-old-1/cgroup");
}

Test(check, is_left_out_where_the_policy_says_so)
{
	autojson json_t *op = NULL;

	agents[0].extra = true;
	op = deploy(DB "x-stackpilot: {policy: {detect_drift: false}}\n");
	expect_state(op, "succeeded");
	cr_expect_null(step_named(op, "drift-check"));
	cr_expect_eq(json_object_size(json_object_get(op, "warnings")), 0);
	cr_expect_eq(count_events("drift.detected"), 0);
}

Test(check, of_a_deploy_that_was_reverted_is_not_made)
{
	autojson json_t *op = deploy(DB "    command: [fail]\n");

	expect_state(op, "reverted");
	cr_expect_null(step_named(op, "drift-check"));
}
