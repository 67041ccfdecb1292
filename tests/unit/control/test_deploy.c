/*
 * Deploys from the request to the agents, with agents that only pretend (fake_cluster.h): order,
 * gates, reverting, redeploying, destroying. Tasks: test_deploy_tasks.c. Being cancelled, or out of
 * time: test_deploy_cancel.c, test_limit.c. Being killed in the middle: test_crash.c.
 */
#include "control/snapshot/snapshot.h"
#include "tests/unit/control/fake_cluster.h"

#include <errno.h>

TestSuite(deploy, .init = start_all, .fini = stop_all, .timeout = 60);

Test(deploy, starts_what_others_depend_on_first_and_spreads_replicas)
{
	autojson json_t *op = deploy(API DB);

	expect_state(op, "succeeded");
	expect_calls(&agents[0], PULLED "PUT demo-db-1,PUT demo-api-2,");
	expect_calls(&agents[1], PULLED "PUT demo-api-1,");
	expect_stack("running", 1);
}

Test(deploy, journals_every_step_with_its_node_and_resource)
{
	autojson json_t *op = deploy(DB);
	json_t *steps = json_object_get(op, "steps"), *step;
	autobuf struct sp_buf text = SP_BUF_INIT;
	size_t i;

	json_array_foreach (steps, i, step) {
		cr_expect_str_eq(member(step, "state"), "done");
		sp_buf_printf(&text, "%s %s %s,", member(step, "name"), member(step, "node"),
			      member(step, "resource"));
	}
	cr_expect_str_eq(text.data, "validate  demo,plan  demo,place  demo,"
				    "pull worker1 ,start worker1 demo-db-1,"
				    "ready worker1 demo-db-1,finish  demo,drift-check  demo,");
}

Test(deploy, gives_each_workload_its_address_and_the_names_of_all)
{
	autojson json_t *op = deploy(DB API);
	json_t *hosts = fake_agent_member(&agents[1], "demo-api-1", "hosts");
	json_t *first = json_array_get(hosts, 0);

	expect_state(op, "succeeded");
	cr_expect_str_eq(json_string_value(fake_agent_member(&agents[0], "demo-db-1", "address")),
			 "10.90.1.2");
	cr_expect_str_eq(json_string_value(fake_agent_member(&agents[1], "demo-api-1", "address")),
			 "10.90.2.2");
	cr_expect_str_eq(member(first, "name"), "db");
	cr_expect_str_eq(member(first, "address"), "10.90.1.2");
	cr_expect_eq(json_array_size(hosts), 6, "two for each of three workloads");
}

Test(deploy, of_an_unchanged_stack_tells_the_agents_nothing)
{
	autojson json_t *first = deploy(DB API), *second = NULL;

	free(fake_agent_calls(&agents[0]));
	free(fake_agent_calls(&agents[1]));
	second = deploy(DB API);
	expect_state(second, "succeeded");
	expect_calls(&agents[0], "");
	expect_calls(&agents[1], "");
	expect_stack("running", 1);
}

Test(deploy, of_an_unchanged_stack_brings_back_what_an_agent_lost_or_stopped)
{
	autojson json_t *first = deploy(DB), *second = NULL, *third = NULL;

	free(fake_agent_calls(&agents[0]));
	fake_agent_forget(&agents[0]);
	second = deploy(DB);
	expect_state(second, "succeeded");
	expect_calls(&agents[0], PULLED "PUT demo-db-1,");
	agents[0].stopped = true;
	third = deploy(DB);
	expect_state(third, "succeeded");
	expect_calls(&agents[0], PULLED "PUT demo-db-1,RESTART demo-db-1,");
}

Test(deploy, touches_only_what_changed_and_removes_what_is_gone)
{
	autojson json_t *first = deploy(DB API), *second = NULL;

	free(fake_agent_calls(&agents[0]));
	free(fake_agent_calls(&agents[1]));
	second = deploy(DB "    environment: {A: b}\n" API "    command: [serve]\n"
			   "    hostname: x\n");
	expect_state(second, "succeeded");
	expect_calls(&agents[0], PULLED "PUT demo-db-1,PUT demo-api-2,");
	autojson json_t *third = deploy(DB "    environment: {A: b}\n");
	expect_state(third, "succeeded");
	expect_calls(&agents[0], PULLED "PUT demo-db-1,DELETE demo-api-2,");
	expect_stack("running", 3);
}

Test(deploy, that_fails_a_gate_goes_back_to_what_ran_and_says_why)
{
	autojson json_t *first = deploy(DB API), *second = NULL;
	json_t *error;

	free(fake_agent_calls(&agents[0]));
	free(fake_agent_calls(&agents[1]));
	second = deploy(DB API "    command: [fail]\n");
	expect_state(second, "reverted");
	expect_calls(&agents[1], PULLED "PUT demo-api-1,PUT demo-api-1,");
	expect_calls(&agents[0], PULLED);
	cr_expect_null(fake_agent_member(&agents[1], "demo-api-1", "command"));
	expect_stack("running", 1);
	error = json_object_get(second, "error");
	cr_expect_str_eq(member(error, "stage"), "start");
	cr_expect_str_eq(member(error, "node"), "worker2");
	cr_expect_str_eq(member(error, "resource"), "demo-api-1");
	cr_expect_str_eq(member(error, "message"),
			 "workload 'demo-api-1': failed: exited with status 3");
	cr_expect_not_null(strstr(member(error, "evidence"), "cannot open the database"));
	cr_expect_str_eq(member(error, "next"), "ctl logs demo-api-1 --tail 100");
}

Test(deploy, that_fails_the_first_time_leaves_nothing_running)
{
	autojson json_t *op =
		deploy(DB "  bad:\n    image: app\n    depends_on: [db]\n" ON("worker1"));
	autoworkloads struct store_workloads w = { 0 };

	expect_state(op, "reverted");
	expect_calls(&agents[0],
		     PULLED "PUT demo-db-1,PUT demo-bad-1,DELETE demo-bad-1,DELETE demo-db-1,");
	expect_stack("failed", 0);
	store_workload_list(s, "demo", 0, &w, &err);
	cr_expect_eq(w.n, 0);
}

Test(deploy, that_fails_keeps_what_it_did_when_told_so)
{
	autofree char *request = bundle_of("  bad:\n    image: app\n" ON("worker1"), "stop");
	autojson json_t *op = NULL;
	char id[STORE_NAME_MAX];

	begin("deploy", request, id);
	op = finished(id);
	expect_state(op, "failed");
	expect_calls(&agents[0], PULLED "PUT demo-bad-1,");
	expect_stack("failed", 0);
}

Test(deploy, waits_no_longer_than_the_gate_allows)
{
	autojson json_t *op = deploy("  slow:\n    image: app\n");

	expect_state(op, "reverted");
	cr_expect_str_eq(member(json_object_get(op, "error"), "message"),
			 "not ready after 700ms: workload 'demo-slow-1': it is running");
}

Test(deploy, waits_for_a_job_to_complete_before_what_depends_on_it)
{
	autojson json_t *op = deploy("  job:\n    image: app\n    restart: 'no'\n" ON(
		"worker1") "  web:\n"
			   "    image: app\n    depends_on: {job: {condition: "
			   "service_completed_successfully}}\n" ON("worker1"));

	expect_state(op, "succeeded");
	expect_calls(&agents[0], PULLED "PUT demo-job-1,PUT demo-web-1,");
}

Test(deploy, of_an_image_nobody_imported_names_service_line_and_remedy)
{
	autojson json_t *op = deploy("  web:\n    image: nowhere:1\n");
	json_t *error = json_object_get(op, "error");

	expect_state(op, "failed");
	cr_expect_str_eq(member(error, "stage"), "validate");
	cr_expect(sp_str_starts(member(error, "message"), "stack.yaml:3: service 'web'"), "%s",
		  member(error, "message"));
	cr_expect_str_eq(member(error, "next"), "ctl image import ARCHIVE --name nowhere:1");
	expect_calls(&agents[0], "");
	cr_expect_eq(store_stack_get(s, "demo", &(struct store_stack){ 0 }, &err), -ENOENT);
}

Test(deploy, that_fits_nowhere_gives_each_nodes_reason_and_changes_nothing)
{
	autojson json_t *op = deploy("  web:\n    image: app\n    ports: ['8080:80']\n"
				     "    deploy: {replicas: 3}\n");
	const char *message = member(json_object_get(op, "error"), "message");

	expect_state(op, "failed");
	cr_expect_str_eq(member(json_object_get(op, "error"), "stage"), "place");
	cr_expect_not_null(strstr(message, "port 8080/tcp already published on worker1 by "
					   "demo/web-1"),
			   "%s", message);
	expect_calls(&agents[0], "");
	expect_calls(&agents[1], "");
}

Test(deploy, passes_a_token_that_grows)
{
	autojson json_t *first = deploy(DB), *second = NULL;
	int64_t token = agents[0].token;

	second = deploy(DB "    command: [x]\n");
	cr_expect_eq(token, 1);
	cr_expect_eq(agents[0].token, 2);
}

Test(deploy, then_destroy_removes_in_reverse_and_frees_everything)
{
	autojson json_t *op = deploy(DB API), *gone = NULL;
	int host;

	free(fake_agent_calls(&agents[0]));
	gone = destroy("{\"volumes\": true}");
	expect_state(gone, "succeeded");
	expect_calls(&agents[0], "DELETE demo-api-2,DELETE demo-db-1,VOLUMES demo,");
	cr_expect_eq(store_stack_get(s, "demo", &(struct store_stack){ 0 }, &err), -ENOENT);
	store_address_take(s, "worker1", "other-x-1", &host, &err);
	cr_expect_eq(host, 2);
}

Test(deploy, takes_the_agents_events_into_the_outbox_once)
{
	struct store_event_filter f = { .type = "workload.", .limit = 100 };
	int64_t deadline = sp_time_mono_ns() + DEADLINE_NS, next;

	pthread_mutex_lock(&agents[0].lock);
	for (int i = 1; i <= 3; i++)
		json_array_append_new(agents[0].events,
				      json_pack("{s:i, s:s, s:s}", "seq", i, "type",
						"workload.exit", "workload", "demo-x-1"));
	pthread_mutex_unlock(&agents[0].lock);
	for (;;) {
		uint64_t mark = watch_mark(c.watch);
		autojson json_t *list = NULL;

		cr_assert_eq(store_event_list(s, &f, &list, &next, &err), 0);
		if (json_array_size(list) >= 3)
			break;
		cr_assert(watch_wait(c.watch, mark, deadline));
	}
	poller_kick(c.poller);
	fake_agent_stop(&agents[1]); /* some time passes, with polls */
	agents[1].httpd = NULL;
	autojson json_t *list = NULL;
	store_event_list(s, &f, &list, &next, &err);
	cr_expect_eq(json_array_size(list), 3);
}

Test(deploy, waits_for_an_agent_that_is_away_for_a_moment)
{
	autojson json_t *op = NULL;
	autofree char *request = bundle_of(DB, "rollback");
	char id[STORE_NAME_MAX];

	c.config.agent_patience_ns = DEADLINE_NS;
	agents[0].refusals = 3;
	begin("deploy", request, id);
	op = finished(id);
	expect_state(op, "succeeded");
	cr_expect_eq(agents[0].refusals, 0);
}

static json_t *deploy_with_policy(const char *services, const char *policy)
{
	autofree char *text = sp_str_format("%sx-stackpilot:\n  policy: %s\n", services, policy);
	autofree char *request = bundle_of(text, NULL);
	char id[STORE_NAME_MAX];

	begin("deploy", request, id);
	return finished(id);
}

Test(deploy, that_fails_stays_as_it_is_when_its_stacks_policy_says_stop)
{
	autojson json_t *op =
		deploy_with_policy("  bad:\n    image: app\n" ON("worker1"), "{on_failure: stop}");

	expect_state(op, "failed");
	expect_calls(&agents[0], PULLED "PUT demo-bad-1,");
	expect_stack("failed", 0);
}

Test(deploy, a_stack_whose_first_deploy_failed_has_no_snapshot_and_is_destroyed_whole)
{
	struct snapshot_request q = { .stack = "demo", .cause = "request", .creator = "ann" };
	autojson json_t *first = deploy(DB "    command: [fail]\n"), *gone = NULL;
	struct store_stack st;

	expect_state(first, "reverted");
	expect_stack("failed", 0);
	cr_expect_eq(snapshot_take(s, &c.config, &q, NULL, &err), -ENOENT);
	cr_expect_str_eq(err.message, "nothing of stack 'demo' runs yet");
	gone = destroy("{}");
	expect_state(gone, "succeeded");
	cr_expect_eq(store_stack_get(s, "demo", &st, NULL), -ENOENT);
}

Test(deploy, a_stack_whose_first_deploy_failed_and_was_kept_is_destroyed_with_what_it_left)
{
	autofree char *request = bundle_of(DB "    command: [fail]\n", "stop");
	autojson json_t *first = NULL, *gone = NULL;
	struct store_stack st;
	char id[STORE_NAME_MAX];

	begin("deploy", request, id);
	first = finished(id);
	expect_state(first, "failed");
	expect_stack("failed", 0);
	cr_expect_eq(agents[0].n_specs, 1);
	gone = destroy("{}");
	expect_state(gone, "succeeded");
	cr_expect_eq(agents[0].n_specs, 0);
	cr_expect_eq(store_stack_get(s, "demo", &st, NULL), -ENOENT);
}
