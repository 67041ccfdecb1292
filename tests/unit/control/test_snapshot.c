/*
 * Snapshots with agents that only pretend: what they keep, and that a restore changes the machines
 * back. Which of them stay, and what becomes of damaged ones: test_snapshot_keep.c.
 */
#include "tests/unit/control/fake_cluster.h"

#include <errno.h>

#include "control/deploy/dry_run.h"
#include "control/snapshot/snapshot.h"

TestSuite(snapshot, .init = start_all, .fini = stop_all, .timeout = 60);

static int64_t take_as(const char *cause)
{
	struct snapshot_request q = { .stack = "demo", .cause = cause, .creator = "test" };
	autosnapshot struct store_snapshot n = { 0 };

	cr_assert_eq(snapshot_take(s, &c.config, &q, &n, &err), 0, "%s", err.message);
	return n.version;
}

static json_t *restore(int64_t version)
{
	char request[64], id[STORE_NAME_MAX];

	snprintf(request, sizeof(request), "{\"snapshot\": %lld}", (long long)version);
	begin("restore", request, id);
	return finished(id);
}

static size_t how_many(void)
{
	autosnapshots struct store_snapshots all = { 0 };

	cr_assert_eq(store_snapshot_list(s, "demo", &all, &err), 0, "%s", err.message);
	return all.n;
}

static void forget_calls(void)
{
	free(fake_agent_calls(&agents[0]));
	free(fake_agent_calls(&agents[1]));
}

static const char *image_of(struct fake_agent *f, const char *id)
{
	return json_string_value(fake_agent_member(f, id, "image_digest"));
}

static struct store_snapshot row_of(int64_t version)
{
	struct store_snapshot n = { 0 };

	cr_assert_eq(store_snapshot_get(s, "demo", version, &n, &err), 0, "%s", err.message);
	return n;
}

Test(snapshot, of_a_stack_tells_what_is_in_it_and_is_verified_because_it_runs)
{
	autojson json_t *op = deploy(DB "    volumes: ['data:/data']\n    ports: ['8080:80']\n" API
					"volumes: {data: }\n");
	autosnapshot struct store_snapshot n = { 0 };
	autofree char *summary = NULL;

	cr_assert_eq(take_as("request"), 1);
	n = row_of(1);
	cr_expect_eq(n.revision, 1);
	cr_expect_gt(n.verified_at_ns, 0);
	cr_expect_gt(n.size_bytes, 100);
	json_object_del(json_array_get(json_object_get(n.summary, "services"), 0), "image_digest");
	json_object_del(json_array_get(json_object_get(n.summary, "services"), 1), "image_digest");
	summary = sp_json_canonical(n.summary);
	cr_expect_str_eq(
		summary,
		"{\"ports\":[\"worker1:8080\"],\"secrets\":[],\"services\":["
		"{\"image\":\"app\",\"name\":\"db\",\"nodes\":[\"worker1\"],\"replicas\":1},"
		"{\"image\":\"app\",\"name\":\"api\",\"nodes\":[\"worker2\",\"worker1\"],"
		"\"replicas\":2}],\"volumes\":[\"demo.data\"],\"workloads\":3}",
		"%s", summary);
}

Test(snapshot, of_a_stack_that_never_ran_is_refused)
{
	struct snapshot_request q = { .stack = "demo", .cause = "request", .creator = "test" };

	cr_expect_eq(snapshot_take(s, &c.config, &q, NULL, &err), -ENOENT);
}

Test(snapshot, of_the_same_state_shares_its_content_but_not_its_number)
{
	autojson json_t *op = deploy(DB);
	autosnapshot struct store_snapshot a = { 0 }, b = { 0 };

	take_as("request");
	take_as("request");
	a = row_of(1);
	b = row_of(2);
	cr_expect_str_eq(a.content, b.content);
	cr_assert_eq(store_snapshot_remove(s, "demo", 2, "test", &err), 0);
	cr_expect_eq(take_as("request"), 3, "a version is never given twice");
}

Test(snapshot, holds_no_secret_in_any_column)
{
	autojson json_t *op = deploy(DB "    environment: {DB_PASSWORD: canary-in-env}\n");
	autosnapshot struct store_snapshot n = { 0 };
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autofree char *text = NULL, *summary = NULL;

	take_as("request");
	n = row_of(1);
	summary = sp_json_text(n.summary);
	cr_expect_null(strstr(summary, "canary"));
	cr_assert_eq(db_select(store_db(s), &rows, &err, "SELECT text FROM snapshot_contents"), 0);
	cr_assert_eq(db_next(rows, &err), 1);
	cr_expect_null(strstr(db_text(rows, 0), "canary"));
	cr_expect(sp_str_starts(db_text(rows, 0), "sp1:"));
	cr_assert_eq(store_snapshot_text(s, &n, &text, &err), 0, "%s", err.message);
	cr_expect_not_null(strstr(text, "canary-in-env"), "and yet it can be brought back");
}

Test(snapshot, is_taken_before_a_deploy_that_changes_something)
{
	autojson json_t *first = deploy(DB), *same = deploy(DB), *second = NULL;
	autosnapshot struct store_snapshot n = { 0 };

	cr_expect_eq(how_many(), 0, "nothing ran before the first, the second changed nothing");
	second = deploy(DB "    user: '5'\n");
	expect_state(second, "succeeded");
	cr_assert_eq(how_many(), 1);
	n = row_of(1);
	cr_expect_str_eq(n.cause, "deploy");
	cr_expect_eq(n.revision, 1);
	cr_expect_str_eq(n.operation, member(second, "id"));
}

Test(snapshot, is_not_taken_when_the_policy_says_so)
{
	autojson json_t
		*first = deploy(DB),
		*second = deploy(
			DB "    user: '5'\nx-stackpilot: {policy: {create_snapshot: false}}\n");

	expect_state(second, "succeeded");
	cr_expect_eq(how_many(), 0);
}

Test(snapshot, restored_brings_back_the_image_that_the_name_stood_for)
{
	autojson json_t *first = deploy(DB), *second = NULL, *op = NULL;
	autofree char *then = strdup(image_of(&agents[0], "demo-db-1"));

	import_image_of("usr");
	second = deploy(DB);
	cr_expect_str_neq(image_of(&agents[0], "demo-db-1"), then);
	op = restore(1);
	expect_state(op, "succeeded");
	cr_expect_str_eq(image_of(&agents[0], "demo-db-1"), then);
	expect_stack("running", 3);
}

#define SEED  "x-stackpilot: {tasks: {job-seed: {image: app, " WHERE "}}}\n"
#define WHERE "placement: {constraints: [node.hostname == worker1]}"

/* A task's workload is gone after its deploy; the PUT it was begun with is all that tells. */
Test(snapshot, restored_runs_tasks_with_the_image_that_the_name_stood_for)
{
	autojson json_t *first = deploy(DB SEED), *second = NULL, *op = NULL;
	autofree char *then = strdup(agents[0].task_image);

	import_image_of("usr");
	second = deploy(DB "    user: '5'\n" SEED);
	expect_state(second, "succeeded");
	cr_expect_str_neq(agents[0].task_image, then);
	op = restore(1);
	expect_state(op, "succeeded");
	cr_expect_str_eq(agents[0].task_image, then);
}

Test(snapshot, restored_brings_back_a_removed_service_on_the_node_where_it_was)
{
	autojson json_t *first = deploy(DB "  keep:\n    image: app\n" ON("worker2")),
			*second = NULL;
	autojson json_t *op = NULL;

	second = deploy("  keep:\n    image: app\n" ON("worker2"));
	forget_calls();
	op = restore(1);
	expect_state(op, "succeeded");
	expect_calls(&agents[0], PULLED "PUT demo-db-1,");
}

Test(snapshot, restored_takes_an_added_volume_off_again)
{
	autojson json_t *first = deploy(DB), *second = NULL, *op = NULL;

	second = deploy(DB "    volumes: ['data:/data']\nvolumes: {data: }\n");
	cr_expect_eq(json_array_size(fake_agent_member(&agents[0], "demo-db-1", "mounts")), 1);
	op = restore(1);
	expect_state(op, "succeeded");
	cr_expect_eq(json_array_size(fake_agent_member(&agents[0], "demo-db-1", "mounts")), 0);
}

Test(snapshot, restored_takes_one_of_what_ran_before_and_says_so_in_events)
{
	struct store_event_filter f = { .type = "snapshot.", .limit = 100 };
	autojson json_t *first = deploy(DB), *second = deploy(DB "    user: '5'\n"),
			*op = restore(1);
	autosnapshot struct store_snapshot n = row_of(2);
	autojson json_t *list = NULL;
	int64_t next;

	expect_state(op, "succeeded");
	cr_expect_str_eq(n.cause, "restore");
	cr_expect_eq(n.revision, 2);
	cr_assert_eq(store_event_list(s, &f, &list, &next, &err), 0);
	cr_assert_eq(json_array_size(list), 3);
	cr_expect_str_eq(member(json_array_get(list, 2), "type"), "snapshot.restored");
	cr_expect_str_eq(member(json_array_get(list, 2), "operation"), member(op, "id"));
}

Test(snapshot, restored_that_fails_a_gate_goes_back_to_what_ran)
{
	autojson json_t *first = deploy(DB "    user: '7'\n"), *second = deploy(DB), *op = NULL;

	fake_bad_user = "7";
	op = restore(1);
	expect_state(op, "reverted");
	expect_stack("running", 2);
}

Test(snapshot, restored_without_a_deploy_is_a_plan)
{
	struct dry_run_request q = { "demo", "{\"snapshot\": 1}" };
	autojson json_t *first = deploy(DB), *second = deploy(DB "    user: '5'\n"), *plan = NULL;
	struct wire_failure at = { 0 };

	forget_calls();
	cr_assert_eq(dry_run(&c, s, &q, &at, &plan, &err), 0, "%s", err.message);
	cr_expect_eq(
		json_integer_value(json_object_get(json_object_get(plan, "summary"), "update")), 1);
	expect_calls(&agents[0], "");
	expect_stack("running", 2);
}

Test(snapshot, outlives_its_stack_and_brings_it_back)
{
	autojson json_t *first = deploy(DB), *gone = NULL, *op = NULL;

	gone = destroy("{\"volumes\": false}");
	expect_state(gone, "succeeded");
	cr_expect_eq(how_many(), 1, "taken before it was destroyed");
	op = restore(1);
	expect_state(op, "succeeded");
	expect_stack("running", 1);
}

Test(snapshot, compared_with_another_shows_fields_and_no_secret)
{
	autojson json_t *op = deploy(DB "    environment: {A_TOKEN: canary1, M: a}\n"),
			*diff = NULL;
	autojson json_t *second = NULL;
	autofree char *text = NULL;

	take_as("request");
	second = deploy(DB "    environment: {A_TOKEN: canary2, M: b}\n");
	take_as("request");
	cr_assert_eq(snapshot_compare(s, "demo", 1, 3, &diff, &err), 0, "%s", err.message);
	text = sp_json_canonical(json_object_get(diff, "workloads"));
	cr_expect_str_eq(text,
			 "[{\"changes\":[{\"after\":\"(sensitive)\",\"before\":\"(sensitive)\","
			 "\"path\":\"environment.A_TOKEN\",\"sensitive\":true},{\"after\":\"b\","
			 "\"before\":\"a\",\"path\":\"environment.M\"}],\"id\":\"demo-db-1\","
			 "\"sign\":\"~\"}]",
			 "%s", text);
}

#define TASK(word)                                                                           \
	"x-stackpilot: {tasks: {job-migrate: {image: app, command: [" word "], retries: 2, " \
	"when: before}}}\n"

Test(snapshot, compared_with_another_shows_tasks)
{
	autojson json_t *first = deploy(DB TASK("up"));
	autojson json_t *second = deploy(DB "    user: '5'\n" TASK("again")), *diff = NULL;
	autofree char *text = NULL;

	expect_state(second, "succeeded");
	take_as("request");
	cr_assert_eq(snapshot_compare(s, "demo", 1, 2, &diff, &err), 0, "%s", err.message);
	text = sp_json_canonical(json_object_get(diff, "workloads"));
	cr_expect_not_null(strstr(text, "{\"changes\":[{\"after\":[\"again\"],\"before\":[\"up\"],"
					"\"path\":\"command\"}],\"id\":\"task job-migrate\","
					"\"sign\":\"~\"}"),
			   "%s", text);
}

Test(snapshot, compared_with_another_shows_outputs_and_policy)
{
	autojson json_t *first = deploy(DB "x-stackpilot: {outputs: {zone: eu}}\n");
	autojson json_t *second =
		deploy(DB "    user: '5'\nx-stackpilot: {policy: {timeout: 1m}}\n");
	autojson json_t *diff = NULL;
	autofree char *text = NULL;

	expect_state(second, "succeeded");
	take_as("request");
	cr_assert_eq(snapshot_compare(s, "demo", 1, 2, &diff, &err), 0, "%s", err.message);
	text = sp_json_canonical(json_object_get(diff, "workloads"));
	cr_expect_not_null(strstr(text, "{\"changes\":[{\"before\":\"eu\",\"path\":\"value\"}],"
					"\"id\":\"output zone\",\"sign\":\"-\"}"),
			   "%s", text);
	cr_expect_not_null(strstr(text,
				  "{\"changes\":[{\"after\":60000000000,\"before\":0,"
				  "\"path\":\"timeout_ns\"}],\"id\":\"policy\",\"sign\":\"~\"}"),
			   "%s", text);
}
