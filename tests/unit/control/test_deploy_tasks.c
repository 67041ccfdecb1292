/* Tasks of a deploy, with agents that only pretend (fake_cluster.h): their order, tries and time,
 * and the state they ask for. */
#include "control/deploy/task_state.h"
#include "control/store/state.h"
#include "tests/unit/control/fake_cluster.h"

TestSuite(deploy_tasks, .init = start_all, .fini = stop_all, .timeout = 60);

#define TASK(name, keys) "    " name ": {image: app, " keys "}\n"
#define AT_WORKER1       "placement: {constraints: [node.hostname == worker1]}"

static json_t *deploy_with_tasks(const char *services, const char *tasks)
{
	autofree char *text = sp_str_format("%sx-stackpilot:\n  tasks:\n%s", services, tasks);
	autofree char *request = bundle_of(text, NULL);
	char id[STORE_NAME_MAX];

	begin("deploy", request, id);
	return finished(id);
}

Test(deploy_tasks, runs_tasks_before_and_after_the_services_and_removes_them)
{
	autojson json_t *op = deploy_with_tasks(
		DB, TASK("job-smoke", "when: after, " AT_WORKER1)
			    TASK("job-seed", "depends_on: [job-migrate], " AT_WORKER1)
				    TASK("job-migrate", AT_WORKER1));
	autoworkloads struct store_workloads w = { 0 };

	expect_state(op, "succeeded");
	expect_calls(&agents[0], PULLED "PUT demo-job-migrate-1,PUT demo-job-seed-1,PUT demo-db-1,"
					"PUT demo-job-smoke-1,DELETE demo-job-smoke-1,"
					"DELETE demo-job-migrate-1,DELETE demo-job-seed-1,");
	cr_assert_eq(store_workload_list(s, "demo", 0, &w, &err), 0);
	cr_expect_eq(w.n, 1, "tasks belong to their deploy only");
}

Test(deploy_tasks, of_an_unchanged_stack_runs_no_task)
{
	autojson json_t *first = deploy_with_tasks(DB, TASK("job-a", AT_WORKER1)), *second = NULL;

	free(fake_agent_calls(&agents[0]));
	second = deploy_with_tasks(DB, TASK("job-a", AT_WORKER1));
	expect_state(second, "succeeded");
	expect_calls(&agents[0], "");
}

Test(deploy_tasks, tries_a_task_as_often_as_it_may_and_then_reverts)
{
	autojson json_t *first = deploy(DB), *op = NULL;

	free(fake_agent_calls(&agents[0]));
	op = deploy_with_tasks(DB "    command: [x]\n",
			       TASK("bad-migrate", "retries: 1, " AT_WORKER1));
	expect_state(op, "reverted");
	expect_calls(&agents[0], PULLED "PUT demo-bad-migrate-1,DELETE demo-bad-migrate-1,"
					"PUT demo-bad-migrate-1,DELETE demo-bad-migrate-1,");
	expect_stack("running", 1);
	cr_expect_str_eq(member(json_object_get(op, "error"), "resource"), "demo-bad-migrate-1");
}

static void will_ask(const char *verb, const char *key, const char *value, bool again, int version)
{
	json_array_append_new(agents[0].questions,
			      json_pack("{s:s, s:s, s:s?, s:s?, s:b, s:i}", "id", "q", "do", verb,
					"key", key, "value", value, "again", again, "version",
					version));
}

/* Status and version of the n-th answer, or the value. */
static void expect_answer(size_t n, int status, int version, const char *value)
{
	const json_t *a = json_array_get(agents[0].answers, n);
	const json_t *at = json_object_get(a, "body") ? json_object_get(a, "body") : a;

	cr_expect_eq(json_integer_value(json_object_get(a, "status")), status, "answer %zu", n);
	cr_expect_eq(json_integer_value(json_object_get(at, "version")), version, "answer %zu", n);
	if (value)
		cr_expect_str_eq(member(a, "value"), value, "answer %zu", n);
	cr_expect_str_eq(member(a, "id"), "q");
}

Test(deploy_tasks, answers_what_a_task_asks_of_its_stacks_state)
{
	autojson json_t *op = NULL;
	autostate struct store_state_value v = { 0 };

	will_ask("get", "schema", NULL, false, -1);
	will_ask("set", "schema", "v1", false, 0);
	will_ask("set", "schema", "v2", false, 0);
	will_ask("get", "schema", NULL, false, -1);
	will_ask("has", "schema", NULL, false, -1);
	will_ask("set", "Not A Key", "x", false, -1);
	will_ask("drop", "schema", NULL, false, -1);
	will_ask("get", NULL, NULL, false, -1);
	will_ask("set", "schema", NULL, false, -1);
	op = deploy_with_tasks(DB, TASK("job-migrate", AT_WORKER1));
	expect_state(op, "succeeded");
	expect_answer(0, 404, 0, NULL);
	expect_answer(1, 200, 1, NULL);
	expect_answer(2, 409, 0, NULL);
	expect_answer(3, 200, 1, "v1");
	expect_answer(4, 200, 1, "");
	for (size_t i = 5; i < 9; i++)
		expect_answer(i, 400, 0, NULL);
	cr_assert_eq(store_state_get(s, "demo", "schema", &v, &err), 0, "%s", err.message);
	cr_expect_str_eq(v.value, "v1");
}

Test(deploy_tasks, does_not_do_again_what_a_former_controld_did_for_a_task)
{
	autojson json_t *op = NULL;

	will_ask("set", "a", "1", false, 0);
	will_ask("set", "a", "1", true, 0);
	will_ask("set", "a", "1", true, -1);
	will_ask("set", "a", "2", true, 0);
	will_ask("set", "a", "2", true, 1);
	will_ask("rm", "a", NULL, false, -1);
	will_ask("rm", "a", NULL, true, -1);
	will_ask("rm", "a", NULL, false, -1);
	will_ask("rm", "a", NULL, true, 2);
	will_ask("rm", "a", NULL, true, 1);
	will_ask("rm", "never", NULL, true, -1);
	op = deploy_with_tasks(DB, TASK("job-migrate", AT_WORKER1));
	expect_state(op, "succeeded");
	expect_answer(0, 200, 1, NULL);
	expect_answer(1, 200, 1, NULL);
	expect_answer(2, 200, 1, NULL);
	expect_answer(3, 409, 0, NULL);
	expect_answer(4, 200, 2, NULL);
	expect_answer(5, 200, 3, NULL);
	expect_answer(6, 200, 3, NULL);
	expect_answer(7, 404, 0, NULL);
	expect_answer(8, 200, 3, NULL);
	expect_answer(9, 409, 0, NULL);
	expect_answer(10, 404, 0, NULL);
}

Test(deploy_tasks, lets_a_task_change_the_state_only_so_often)
{
	autojson json_t *op = NULL;

	for (int i = 0; i <= TASK_STATE_CHANGES_MAX; i++)
		will_ask("set", "a", "1", false, -1);
	op = deploy_with_tasks(DB, TASK("job-migrate", AT_WORKER1));
	expect_state(op, "succeeded");
	expect_answer(TASK_STATE_CHANGES_MAX - 1, 200, TASK_STATE_CHANGES_MAX, NULL);
	expect_answer(TASK_STATE_CHANGES_MAX, 413, 0, NULL);
}

Test(deploy_tasks, gives_a_task_no_more_than_its_time)
{
	autojson json_t *op = deploy_with_tasks(DB, TASK("slow", "timeout: 300ms, " AT_WORKER1));

	expect_state(op, "reverted");
	cr_expect_str_eq(member(json_object_get(op, "error"), "message"),
			 "not complete after 300ms: workload 'demo-slow-1': it is running");
	cr_expect_eq(agents[0].n_specs, 0);
}
