/*
 * Plans without a deploy, and deploys of a saved plan, with agents that only pretend: what is to be
 * done, why, in which order, and that nothing happens until it is asked for.
 */
#include "tests/unit/control/fake_cluster.h"

#include <errno.h>

#include "control/deploy/dry_run.h"

TestSuite(dry_run, .init = start_all, .fini = stop_all, .timeout = 60);

static struct wire_failure at;

static json_t *plan_of(const char *services)
{
	autofree char *request = bundle_of(services, "rollback");
	json_t *plan = NULL;

	cr_assert_eq(
		dry_run(&c, s, &(struct dry_run_request){ .request = request }, &at, &plan, &err),
		0, "%s", err.message);
	return plan;
}

static json_t *action_of(const json_t *plan, const char *id)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(plan, "actions"), i, one) {
		if (sp_str_eq(member(one, "id"), id))
			return one;
	}
	cr_assert(false, "there is no action '%s'", id);
	return NULL;
}

/* The ids of the actions, each with what it comes after: "a<b+c,". */
static char *graph_of(const json_t *plan)
{
	struct sp_buf text = SP_BUF_INIT;
	json_t *one, *before;
	size_t i, k;

	json_array_foreach (json_object_get(plan, "actions"), i, one) {
		sp_buf_puts(&text, member(one, "id"));
		json_array_foreach (json_object_get(one, "after"), k, before) {
			sp_buf_printf(&text, "%c%s", k ? '+' : '<', json_string_value(before));
		}
		sp_buf_putc(&text, ',');
	}
	return sp_buf_take(&text);
}

/* Each action stands behind all that come before it, so the graph has no cycle. */
static void expect_order(const json_t *plan)
{
	autojson json_t *seen = json_object();
	json_t *one, *before;
	size_t i, k;

	json_array_foreach (json_object_get(plan, "actions"), i, one) {
		json_array_foreach (json_object_get(one, "after"), k, before) {
			cr_expect_not_null(json_object_get(seen, json_string_value(before)),
					   "%s before %s", member(one, "id"),
					   json_string_value(before));
		}
		json_object_set_new(seen, member(one, "id"), json_true());
	}
}

static json_int_t count(const json_t *plan, const char *key)
{
	return json_integer_value(json_object_get(json_object_get(plan, "summary"), key));
}

static json_t *deploy_planned(const char *services, json_t *plan)
{
	autofree char *text = bundle_of(services, "rollback"), *request = NULL;
	autojson json_t *bundle = json_loads(text, 0, NULL);
	char id[STORE_NAME_MAX];

	json_object_set(bundle, "plan", plan);
	request = sp_json_text(bundle);
	begin("deploy", request, id);
	return finished(id);
}

Test(dry_run, draws_what_comes_before_what)
{
	autojson json_t *plan =
		plan_of(DB "    volumes: ['data:/data']\n" API "volumes: {data: }\n");
	autofree char *graph = graph_of(plan);

	expect_order(plan);
	cr_expect_str_eq(graph,
			 "pull/worker1/app,pull/worker2/app,volume/worker1/demo.data,"
			 "start/demo-db-1<pull/worker1/app+volume/worker1/demo.data,"
			 "ready/demo-db-1<start/demo-db-1,"
			 "start/demo-api-1<pull/worker2/app+ready/demo-db-1,"
			 "ready/demo-api-1<start/demo-api-1,"
			 "start/demo-api-2<pull/worker1/app+ready/demo-db-1,"
			 "ready/demo-api-2<start/demo-api-2,"
			 "good<pull/worker1/app+pull/worker2/app+volume/worker1/demo.data+"
			 "start/demo-db-1+ready/demo-db-1+start/demo-api-1+ready/demo-api-1+"
			 "start/demo-api-2+ready/demo-api-2,commit<good,",
			 "%s", graph);
}

Test(dry_run, changes_nothing_and_takes_no_lock)
{
	autojson json_t *plan = plan_of(DB API), *ops = NULL;
	struct store_stack stack;

	cr_expect_eq(count(plan, "create"), 3);
	expect_calls(&agents[0], "");
	expect_calls(&agents[1], "");
	cr_expect_eq(store_stack_get(s, "demo", &stack, &err), -ENOENT);
	cr_assert_eq(store_operation_views(s, NULL, 10, &ops, &err), 0);
	cr_expect_eq(json_array_size(ops), 0);
}

Test(dry_run, of_what_runs_already_has_no_action)
{
	autojson json_t *op = deploy(DB API), *plan = plan_of(DB API);

	cr_expect_eq(json_array_size(json_object_get(plan, "actions")), 0);
	cr_expect_eq(json_array_size(json_object_get(plan, "unchanged")), 3);
	cr_expect(json_is_false(json_object_get(json_object_get(plan, "summary"), "changes")));
	cr_expect_eq(json_integer_value(json_object_get(plan, "serial")), 1);
}

Test(dry_run, tells_before_and_after_of_each_field_but_no_secret)
{
	autojson json_t *op = deploy(DB "    environment: {MODE: a, DB_PASSWORD: canary1}\n");
	autojson json_t *plan = plan_of(DB "    environment: {MODE: b, DB_PASSWORD: canary2}\n");
	json_t *action = action_of(plan, "start/demo-db-1");
	autofree char *text = sp_json_text(plan);
	autofree char *changes = sp_json_canonical(json_object_get(action, "changes"));

	cr_expect_str_eq(member(action, "sign"), "~");
	cr_expect_str_eq(member(action, "reason"), "environment changed");
	cr_expect_str_eq(changes,
			 "[{\"after\":\"(sensitive)\",\"before\":\"(sensitive)\","
			 "\"path\":\"environment.DB_PASSWORD\",\"sensitive\":true},"
			 "{\"after\":\"b\",\"before\":\"a\",\"path\":\"environment.MODE\"}]",
			 "%s", changes);
	cr_expect_null(strstr(text, "canary"));
}

Test(dry_run, says_of_each_node_why_there_or_why_not)
{
	autojson json_t *plan = plan_of(DB);
	json_t *placement = json_object_get(action_of(plan, "start/demo-db-1"), "placement");

	cr_assert_eq(json_array_size(placement), 2);
	cr_expect_str_eq(member(json_array_get(placement, 0), "reason"),
			 "is the only one that fits");
	cr_expect_str_eq(member(json_array_get(placement, 1), "reason"),
			 "does not satisfy node.hostname == worker1");
}

Test(dry_run, puts_the_removal_that_frees_a_port_before_the_start_that_needs_it)
{
	autojson json_t *op =
		deploy("  old:\n    image: app\n    ports: ['8080:80']\n" ON("worker1"));
	autojson json_t *plan =
		plan_of("  new:\n    image: app\n    ports: ['8080:80']\n" ON("worker1"));
	autofree char *graph = graph_of(plan);

	expect_order(plan);
	cr_expect_str_eq(graph,
			 "pull/worker1/app,remove/worker1/demo-old-1,"
			 "start/demo-new-1<pull/worker1/app+remove/worker1/demo-old-1,"
			 "port/worker1/0.0.0.0:8080/tcp<start/demo-new-1,"
			 "ready/demo-new-1<start/demo-new-1,"
			 "good<pull/worker1/app+start/demo-new-1+port/worker1/0.0.0.0:8080/tcp+"
			 "ready/demo-new-1,commit<good+remove/worker1/demo-old-1,",
			 "%s", graph);
	cr_expect_eq(count(plan, "create"), 1);
	cr_expect_eq(count(plan, "remove"), 1);
}

Test(dry_run, of_a_file_that_cannot_be_placed_says_why)
{
	autofree char *request = bundle_of("  web:\n    image: app\n" ON("mars"), "rollback");
	json_t *plan = NULL;

	cr_expect_lt(
		dry_run(&c, s, &(struct dry_run_request){ .request = request }, &at, &plan, &err),
		0);
	cr_expect_not_null(strstr(err.message, "worker1: does not satisfy node.hostname == mars"));
	cr_expect_str_eq(at.resource, "demo-web-1");
}

Test(dry_run, saved_is_what_the_deploy_then_does)
{
	autojson json_t *plan = plan_of(DB), *op = deploy_planned(DB, plan);

	expect_state(op, "succeeded");
	expect_calls(&agents[0], PULLED "PUT demo-db-1,");
}

static void expect_stale(const json_t *op, const char *why)
{
	const json_t *error = json_object_get(op, "error");

	expect_state(op, "failed");
	cr_expect_str_eq(member(error, "message"), why, "%s", member(error, "message"));
	cr_expect_str_eq(member(error, "code"), "conflict");
	cr_expect_str_eq(member(error, "next"), "ctl plan FILE --out PLANFILE");
}

Test(dry_run, saved_before_another_deploy_is_refused)
{
	autojson json_t *first = deploy(DB), *plan = plan_of(DB "    user: '5'\n");
	autojson json_t *second = deploy(DB "    user: '6'\n");
	autojson json_t *op = NULL;

	free(fake_agent_calls(&agents[0]));
	op = deploy_planned(DB "    user: '5'\n", plan);
	expect_stale(op, "the plan is stale: planned against revision 1, the stack is at 2");
	expect_calls(&agents[0], "");
	expect_stack("running", 2);
}

Test(dry_run, saved_of_another_file_is_refused)
{
	autojson json_t *plan = plan_of(DB), *op = deploy_planned(DB "    user: '5'\n", plan);

	expect_stale(op, "the plan is stale: the stack file, or an image it names, is not the "
			 "planned one");
}

Test(dry_run, saved_before_the_nodes_changed_is_refused)
{
	autojson json_t *first = deploy(DB API), *plan = plan_of(DB API "    user: '5'\n"),
			*op = NULL;

	fake_agent_forget(&agents[0]); /* what would have been kept is lost */
	op = deploy_planned(DB API "    user: '5'\n", plan);
	expect_stale(op, "the plan is stale: the nodes, or what runs on them, changed: other "
			 "actions are due");
	expect_stack("running", 1);
}

Test(dry_run, knows_a_change_of_extra_hosts_which_needs_no_restart)
{
	autojson json_t *op = deploy(DB "    extra_hosts: ['a:10.0.0.1']\n");
	autojson json_t *plan = plan_of(DB "    extra_hosts: ['a:10.0.0.2']\n");

	cr_expect_str_eq(member(action_of(plan, "start/demo-db-1"), "reason"),
			 "extra_hosts changed");
}

#define ON_WORKER2 "placement: {constraints: [node.hostname == worker2]}"

Test(dry_run, puts_tasks_before_and_after_the_services)
{
	autojson json_t *plan =
		plan_of(DB "x-stackpilot:\n  tasks:\n"
			   "    job-b: {image: app, depends_on: [job-a], volumes: ['seeds:/s']}\n"
			   "    job-a: {image: app, when: before, " ON_WORKER2 "}\n"
			   "    job-c: {image: app, when: after, " ON_WORKER2 "}\n"
			   "volumes: {seeds: }\n");
	autofree char *graph = graph_of(plan);

	expect_order(plan);
	cr_expect_not_null(strstr(graph, "task/job-a<pull/worker2/app,task/job-b<pull/worker1/app+"
					 "volume/worker1/demo.seeds+task/job-a,"),
			   "%s", graph);
	cr_expect_str_eq(member(action_of(plan, "task/job-a"), "node"), "worker2");
	cr_expect_not_null(strstr(graph, "start/demo-db-1<task/job-b+task/job-a+pull/worker1/app,"),
			   "%s", graph);
	cr_expect_not_null(strstr(graph, "task/job-c<pull/worker2/app+ready/demo-db-1,"), "%s",
			   graph);
	cr_expect_not_null(strstr(graph, "+task/job-c,commit<good,"), "%s", graph);
}

Test(dry_run, tells_of_rules_of_drift_that_come_and_go)
{
	autojson json_t *op = deploy(DB "x-stackpilot: {drift: {ignore: [{field: env}]}}\n");
	autojson json_t *plan = plan_of(
		DB
		"x-stackpilot: {drift: {ignore: [{type: state, resource: 'db*', reason: by hand}]}}\n");
	autofree char *rules = sp_json_canonical(json_object_get(plan, "drift_ignore"));

	expect_state(op, "succeeded");
	cr_expect_str_eq(rules,
			 "[{\"changes\":[{\"after\":\"*\",\"path\":\"field\"},"
			 "{\"after\":\"by hand\",\"path\":\"reason\"},"
			 "{\"after\":\"db*\",\"path\":\"resource\"},"
			 "{\"after\":\"state\",\"path\":\"type\"}],"
			 "\"id\":\"ignore state db* *\",\"sign\":\"+\"},"
			 "{\"changes\":[{\"before\":\"env\",\"path\":\"field\"},"
			 "{\"before\":\"*\",\"path\":\"resource\"},"
			 "{\"before\":\"*\",\"path\":\"type\"}],"
			 "\"id\":\"ignore * * env\",\"sign\":\"-\"}]",
			 "%s", rules);
}

Test(dry_run, tells_what_the_file_says_besides_field_by_field)
{
	autojson json_t *op = deploy(DB "x-stackpilot: {outputs: {zone: eu}}\n");
	autojson json_t *plan = plan_of(DB "x-stackpilot: {outputs: {zone: us, a: b},"
					   " policy: {on_failure: stop}}\n");
	autofree char *outputs = sp_json_canonical(json_object_get(plan, "outputs"));
	autofree char *policy = sp_json_canonical(json_object_get(plan, "policy"));

	expect_state(op, "succeeded");
	cr_expect_str_eq(outputs,
			 "[{\"changes\":[{\"after\":\"us\",\"before\":\"eu\",\"path\":\"value\"}],"
			 "\"id\":\"output zone\",\"sign\":\"~\"},"
			 "{\"changes\":[{\"after\":\"b\",\"path\":\"value\"}],"
			 "\"id\":\"output a\",\"sign\":\"+\"}]",
			 "%s", outputs);
	cr_expect_str_eq(policy,
			 "[{\"changes\":[{\"after\":\"stop\",\"before\":\"rollback\","
			 "\"path\":\"on_failure\"}],\"id\":\"policy\",\"sign\":\"~\"}]",
			 "%s", policy);
}
