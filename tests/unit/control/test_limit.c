/* The time that a policy gives to an operation: what becomes of one that takes longer; and it
 * counts from its begin, whoever finishes it. */
#include "tests/unit/control/cluster_engines.h"

#define HURRY     "x-stackpilot: {policy: {timeout: 1s}}\n"
#define HOUR_LONG "x-stackpilot: {policy: {timeout: 1h}}\n"

static void expect_out_of_time(const json_t *op)
{
	const json_t *error = json_object_get(op, "error");

	cr_expect_str_eq(member(error, "code"), "timeout");
	cr_expect_not_null(strstr(member(error, "message"), "of its stack's policy.timeout"), "%s",
			   member(error, "message"));
}

ON_BOTH(a_deploy_that_is_taken_over_has_what_is_left_of_its_time)
{
	autofree char *request = bundle_of(DB API HOUR_LONG, "rollback");
	autojson json_t *late = taken_over("deploy", request, 61);
	autojson json_t *in_time = taken_over("deploy", request, 30);

	expect_state(late, "failed");
	expect_out_of_time(late);
	expect_state(in_time, "succeeded");
}

ON_BOTH(so_has_a_destroy_and_a_drift_fix)
{
	autojson json_t *first = deploy(DB API HOUR_LONG);
	autojson json_t *fix = taken_over("drift-fix", "{}", 61);
	autojson json_t *gone = taken_over("destroy", "{}", 61);
	autojson json_t *in_time = taken_over("destroy", "{}", 30);

	expect_state(fix, "failed");
	expect_out_of_time(fix);
	expect_state(gone, "failed");
	expect_out_of_time(gone);
	expect_state(in_time, "succeeded");
}

Test(sqlite, a_deploy_takes_no_longer_than_its_stacks_policy_allows)
{
	autojson json_t *first = deploy(DB), *op = NULL;

	c.config.gate_timeout_ns = 3600 * SP_NS_PER_S;
	op = deploy("  slow:\n    image: app\n" ON("worker1") HURRY);
	expect_state(op, "reverted");
	expect_out_of_time(op);
	expect_stack("running", 1);
}

static void *end_slowness(void *unused)
{
	(void)unused;
	nanosleep(&(struct timespec){ .tv_sec = 2 }, NULL);
	agents[0].slow_deletes = agents[1].slow_deletes = false;
	return NULL;
}

/* For two seconds no workload can be removed. */
static pthread_t be_slow(void)
{
	pthread_t thread;

	agents[0].slow_deletes = agents[1].slow_deletes = true;
	cr_assert_eq(pthread_create(&thread, NULL, end_slowness, NULL), 0);
	return thread;
}

Test(sqlite, a_destroy_that_takes_longer_than_its_policy_allows_fails_and_can_be_repeated)
{
	autojson json_t *first = deploy(DB HURRY), *op = NULL, *again = NULL;
	pthread_t slow = be_slow();

	op = destroy("{}");
	expect_state(op, "failed");
	expect_out_of_time(op);
	expect_stack("failed", 1);
	pthread_join(slow, NULL);
	again = destroy("{}");
	expect_state(again, "succeeded");
}

Test(sqlite, a_restore_that_takes_longer_than_its_policy_allows_is_reverted)
{
	autojson json_t *first = deploy(DB HURRY), *second = deploy(DB API), *op = NULL;
	char id[STORE_NAME_MAX];
	pthread_t slow = be_slow();

	begin("restore", "{\"snapshot\": 1}", id); /* it has to remove the api */
	op = finished(id);
	expect_state(op, "reverted");
	expect_out_of_time(op);
	pthread_join(slow, NULL);
	expect_stack("running", 2);
}
