/*
 * Deploys from the request to the agents, with agents that only pretend (fake_cluster.h): order,
 * gates, reverting, redeploying, destroying, and being killed in the middle.
 */
#include "tests/unit/control/fake_cluster.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

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
				    "ready worker1 demo-db-1,finish  demo,");
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
	agents[0].n_specs = 0;
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
	autofree char *request = bundle_of("  bad:\n    image: app\n" ON("worker1"), "keep");
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
	cr_expect(sp_str_starts(member(error, "message"), "stack.yaml:2: service 'web'"), "%s",
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

/* controld in a process of its own, up to a gate that never opens. */
static void deploy_and_hang(int ready)
{
	autofree char *request = NULL;
	struct store_event_filter f = { .type = "operation.step", .limit = 1000 };
	char id[STORE_NAME_MAX];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	start_all();
	sp_conf_set(config_keys, &c.config, "gate_timeout", "1h", &err);
	request = bundle_of(DB "  slow:\n    image: app\n    depends_on: [db]\n" ON("worker1"),
			    "rollback");
	begin("deploy", request, id);
	for (;;) {
		uint64_t mark = watch_mark(c.watch);
		autojson json_t *list = NULL;
		json_t *last;
		int64_t next;

		store_event_list(s, &f, &list, &next, &err);
		last = json_array_get(list, json_array_size(list) - 1);
		if (sp_str_eq(member(json_object_get(last, "fields"), "resource"), "demo-slow-1") &&
		    sp_str_eq(member(json_object_get(last, "fields"), "name"), "ready"))
			break;
		watch_wait(c.watch, mark, sp_time_mono_ns() + DEADLINE_NS);
	}
	if (write(ready, scratch_dir, sizeof(scratch_dir)) != (ssize_t)sizeof(scratch_dir))
		_exit(1);
	for (;;)
		pause();
}

static void find_node_again(struct fake_agent *f, const char *name)
{
	struct store_node n = { .port = 0 };

	fake_agent_start(f, name, c.ca, scratch_dir);
	snprintf(n.name, sizeof(n.name), "%s", name);
	snprintf(n.address, sizeof(n.address), "127.0.0.1");
	snprintf(n.key_id, sizeof(n.key_id), "%s", name);
	n.port = sp_httpd_port(f->httpd);
	cr_assert_eq(store_node_join(s, &n, &err), 0, "%s", err.message);
	poller_kick(c.poller);
	wait_ready(name);
	free(fake_agent_calls(f));
}

static void killed_in_the_middle(void)
{
	int fds[2], status;
	pid_t pid;

	cr_assert_eq(pipe(fds), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0)
		deploy_and_hang(fds[1]);
	cr_assert_eq(read(fds[0], scratch_dir, sizeof(scratch_dir)), (ssize_t)sizeof(scratch_dir));
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	close(fds[0]);
	close(fds[1]);
	open_control();
	find_node_again(&agents[0], "worker1");
	find_node_again(&agents[1], "worker2");
}

Test(killed, deploy_says_what_was_done_and_a_new_one_brings_it_to_its_end,
     .init = killed_in_the_middle, .fini = stop_all, .timeout = 60)
{
	autojson json_t *op = NULL, *again = NULL;
	json_t *error;

	cr_assert_eq(store_operation_view(s, "op-1", &op, &err), 0, "%s", err.message);
	expect_state(op, "interrupted");
	error = json_object_get(op, "error");
	cr_expect_str_eq(member(error, "message"),
			 "controld ended during step 8, ready of demo-slow-1; 7 of 8 steps are "
			 "done");
	expect_stack("interrupted", 0);
	again = deploy(DB "  web:\n    image: app\n" ON("worker1"));
	expect_state(again, "succeeded");
	expect_calls(&agents[0], PULLED "PUT demo-db-1,PUT demo-web-1,DELETE demo-slow-1,");
	expect_stack("running", 2);
}
