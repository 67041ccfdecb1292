/* The store's contract, written against the interface: whoever adds a driver runs it on that too.
 */
#include "control/store.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/json.h"
#include "base/str.h"
#include "control/store_event.h"
#include "control/store_node.h"
#include "control/store_operation.h"
#include "control/store_stack.h"
#include "tests/unit/control/scratch.h"

static struct store *s;
static struct sp_err err;

static void open_scratch(void)
{
	scratch_make();
	s = scratch_store();
}

static void close_scratch(void)
{
	store_close(s);
	scratch_remove();
}

TestSuite(store, .init = open_scratch, .fini = close_scratch);

static void join(const char *name, const char *key)
{
	struct store_node n = { .port = 7701 };

	snprintf(n.name, sizeof(n.name), "%s", name);
	snprintf(n.address, sizeof(n.address), "192.168.56.11");
	snprintf(n.key_id, sizeof(n.key_id), "%s", key);
	cr_assert_eq(store_node_join(s, &n, &err), 0, "%s", err.message);
}

static void put_workload(const char *id, int64_t revision, const char *node)
{
	struct store_workload w = { .revision = revision,
				    .stack = "demo",
				    .service = "api",
				    .replica = 1,
				    .template = "t",
				    .spec = "{\"image\": \"api\"}" };

	snprintf(w.id, sizeof(w.id), "%s", id);
	snprintf(w.node, sizeof(w.node), "%s", node);
	cr_assert_eq(store_workload_put(s, &w, &err), 0, "%s", err.message);
}

static void begin(const char *stack, const char *key, char id[STORE_NAME_MAX], int expect)
{
	struct store_operation_request q = { .kind = "deploy",
					     .stack = stack,
					     .requested_by = "ann",
					     .idempotency_key = key,
					     .request = "{}" };

	cr_assert_eq(store_operation_begin(s, &q, id, &err), expect, "%s", err.message);
}

static json_t *events_of(struct store_event_filter f, int64_t *next)
{
	json_t *list = NULL;

	if (!f.limit)
		f.limit = 100;
	cr_assert_eq(store_event_list(s, &f, &list, next, &err), 0, "%s", err.message);
	return list;
}

Test(store, opening_it_again_finds_it_migrated_and_loses_nothing)
{
	struct store *again;

	join("worker1", "k1");
	store_close(s);
	s = again = scratch_store();
	cr_expect_eq(store_check(again, &err), 0);
	cr_expect_eq(store_node_remove(again, "worker1", &err), 0);
}

Test(store, a_schema_newer_than_the_program_is_refused)
{
	struct store *other = NULL;

	cr_assert_eq(store_write(s, &err, "INSERT INTO schema_version VALUES (999)"), 1);
	cr_expect_lt(store_open(scratch_url(), NULL, &other, &err), 0);
	cr_expect_eq(err.code, SP_E_UNSUPPORTED);
	cr_expect_eq(err.stage, SP_STAGE_STORE);
}

static int append_and_fail(struct store *st, void *state, struct sp_err *e)
{
	struct store_event event = { .type = "test.lost" };

	(void)state;
	cr_assert_eq(store_event_append(st, &event, e), 0);
	return sp_fail(e, SP_E_CONFLICT, "changed my mind");
}

Test(store, a_failed_transaction_leaves_neither_change_nor_event_nor_gap)
{
	struct store_event event = { .type = "test.kept" };
	int64_t next;

	cr_assert_eq(store_event_append(s, &event, &err), 0);
	cr_expect_eq(store_transact(s, append_and_fail, NULL, &err), -EBUSY);
	cr_assert_eq(store_event_append(s, &event, &err), 0);
	autojson json_t *list = events_of((struct store_event_filter){ 0 }, &next);
	cr_expect_eq(json_array_size(list), 2);
	cr_expect_eq(next, 2);
}

static void *append_many(void *arg)
{
	struct store *mine = scratch_store();
	struct store_event event = { .type = "test.race" };

	(void)arg;

	for (int i = 0; i < 25; i++)
		cr_assert_eq(store_event_append(mine, &event, NULL), 0);
	store_close(mine);
	return NULL;
}

Test(store, events_of_writers_at_once_have_no_gap_and_no_double)
{
	pthread_t threads[4];
	int64_t next;

	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, append_many, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	autojson json_t *list = events_of((struct store_event_filter){ .limit = 1000 }, &next);
	cr_assert_eq(json_array_size(list), 100);
	for (size_t i = 0; i < 100; i++)
		cr_expect_eq(json_integer_value(json_object_get(json_array_get(list, i), "seq")),
			     (json_int_t)i + 1);
}

Test(store, events_are_read_by_cursor_and_filter)
{
	struct store_event a = { .type = "node.ready", .node = "worker1" };
	struct store_event b = { .type = "operation.step", .operation = "op-1", .stack = "demo" };
	int64_t next;

	store_event_append(s, &a, &err);
	store_event_append(s, &b, &err);
	autojson json_t *of_op =
		events_of((struct store_event_filter){ .operation = "op-1" }, &next);
	cr_expect_eq(json_array_size(of_op), 1);
	autojson json_t *of_type = events_of((struct store_event_filter){ .type = "node." }, &next);
	cr_expect_eq(json_array_size(of_type), 1);
	autojson json_t *later = events_of((struct store_event_filter){ .after = 2 }, &next);
	cr_expect_eq(json_array_size(later), 0);
	cr_expect_eq(next, 2);
}

static int hints;

static void count_hint(void *owner)
{
	(void)owner;
	hints++;
}

Test(store, the_hint_comes_after_commits_with_events_only)
{
	struct store_event event = { .type = "test.kept" };

	hints = 0;
	store_on_commit(s, count_hint, NULL);
	store_transact(s, append_and_fail, NULL, &err);
	cr_expect_eq(hints, 0);
	store_event_append(s, &event, &err);
	cr_expect_eq(hints, 1);
}

Test(store, each_node_has_a_subnet_of_its_own_and_keeps_it)
{
	struct store_node n;

	join("worker1", "k1");
	join("worker2", "k2");
	join("worker1", "k1");
	cr_assert_eq(store_node_get(s, "worker1", &n, &err), 0);
	cr_expect_eq(n.subnet, 1);
	store_node_remove(s, "worker1", &err);
	join("worker3", "k3");
	cr_assert_eq(store_node_get(s, "worker3", &n, &err), 0);
	cr_expect_eq(n.subnet, 1, "the lowest free one");
}

Test(store, the_name_of_a_live_node_cannot_be_taken_by_another_key)
{
	struct store_node n = { .name = "worker1", .address = "10.0.0.9", .key_id = "thief" };

	join("worker1", "k1");
	store_node_set_state(s, "worker1", STORE_NODE_READY, NULL, "answers", &err);
	cr_expect_eq(store_node_join(s, &n, &err), -EBUSY);
	store_node_set_state(s, "worker1", STORE_NODE_UNREACHABLE, NULL, "gone", &err);
	cr_expect_eq(store_node_join(s, &n, &err), 0, "a dead one's name may be");
}

Test(store, a_node_changes_state_with_one_event_each)
{
	int64_t next;

	join("worker1", "k1");
	store_node_set_state(s, "worker1", STORE_NODE_READY, NULL, "answers", &err);
	store_node_set_state(s, "worker1", STORE_NODE_READY, NULL, "answers", &err);
	store_node_set_state(s, "worker1", STORE_NODE_UNREACHABLE, NULL, "timed out", &err);
	autojson json_t *list = events_of((struct store_event_filter){ .type = "node." }, &next);
	cr_expect_eq(json_array_size(list), 3, "joined, ready, unreachable");
}

Test(store, events_of_an_agent_come_with_the_cursor_they_were_read_to)
{
	autojson json_t *batch = json_pack(
		"[{s:i, s:s, s:s, s:s, s:{s:i}}]", "seq", 7, "at", "2026-11-21T00:00:00.000000000Z",
		"type", "workload.exit", "workload", "demo-api-1", "fields", "code", 3);
	struct store_node n;
	int64_t next;

	join("worker1", "k1");
	cr_assert_eq(store_node_take_events(s, "worker1", batch, 7, &err), 0);
	cr_assert_eq(store_node_get(s, "worker1", &n, &err), 0);
	cr_expect_eq(n.event_cursor, 7);
	autojson json_t *list =
		events_of((struct store_event_filter){ .type = "workload." }, &next);
	json_t *e = json_array_get(list, 0);
	cr_expect_str_eq(json_string_value(json_object_get(e, "node")), "worker1");
	cr_expect_str_eq(json_string_value(json_object_get(e, "at")),
			 "2026-11-21T00:00:00.000000000Z");
	cr_expect_eq(json_integer_value(json_object_get(json_object_get(e, "fields"), "code")), 3);
}

Test(store, an_address_stays_with_its_workload_and_the_lowest_free_one_is_given)
{
	int a = 0, b = 0, again = 0, c = 0;

	join("worker1", "k1");
	cr_assert_eq(store_address_take(s, "worker1", "demo-a-1", &a, &err), 0);
	cr_assert_eq(store_address_take(s, "worker1", "demo-b-1", &b, &err), 0);
	cr_assert_eq(store_address_take(s, "worker1", "demo-a-1", &again, &err), 0);
	cr_expect_eq(a, 2);
	cr_expect_eq(b, 3);
	cr_expect_eq(again, 2);
	store_address_free(s, "worker1", "demo-a-1", &err);
	store_address_take(s, "worker1", "demo-c-1", &c, &err);
	cr_expect_eq(c, 2);
}

Test(store, a_full_subnet_is_an_error_that_names_the_node)
{
	char id[32];
	int host, r = 0;

	join("worker1", "k1");
	for (int i = 0; i < 253 && r == 0; i++) {
		snprintf(id, sizeof(id), "demo-x-%d", i);
		r = store_address_take(s, "worker1", id, &host, &err);
	}
	cr_assert_eq(r, 0);
	cr_expect_lt(store_address_take(s, "worker1", "demo-y-1", &host, &err), 0);
	cr_expect_eq(err.code, SP_E_UNPLACEABLE);
	cr_expect_not_null(strstr(err.message, "worker1"));
}

Test(store, a_node_with_workloads_is_not_removed)
{
	join("worker1", "k1");
	store_stack_set_state(s, "demo", STORE_STACK_RUNNING, "op-1", &err);
	put_workload("demo-api-1", 1, "worker1");
	cr_expect_eq(store_node_remove(s, "worker1", &err), -EBUSY);
	cr_expect_not_null(strstr(err.message, "demo-api-1"));
	cr_expect_eq(store_node_remove(s, "nobody", &err), -ENOENT);
}

Test(store, one_operation_runs_on_a_stack_and_the_second_hears_which)
{
	struct store_operation_request q = {
		.kind = "destroy", .stack = "demo", .requested_by = "bob", .request = "{}"
	};
	char first[STORE_NAME_MAX], other[STORE_NAME_MAX];

	begin("demo", NULL, first, 0);
	begin("other", NULL, other, 0);
	cr_expect_eq(store_operation_begin(s, &q, other, &err), -EBUSY);
	cr_expect_not_null(strstr(err.message, first));
	cr_assert_eq(store_operation_finish(s, first, STORE_OPERATION_SUCCEEDED, NULL, &err), 0);
	cr_expect_eq(store_operation_begin(s, &q, other, &err), 0);
}

static void *begin_one(void *arg)
{
	struct store *mine = scratch_store();
	struct store_operation_request q = {
		.kind = "deploy", .stack = "demo", .requested_by = "ann", .request = "{}"
	};
	char id[STORE_NAME_MAX];

	*(int *)arg = store_operation_begin(mine, &q, id, NULL) == 0;
	store_close(mine);
	return NULL;
}

Test(store, of_many_operations_begun_at_once_on_a_stack_one_begins)
{
	pthread_t threads[8];
	int won[8] = { 0 }, sum = 0;

	for (size_t i = 0; i < 8; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, begin_one, &won[i]), 0);
	for (size_t i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		sum += won[i];
	}
	cr_expect_eq(sum, 1);
}

Test(store, the_fencing_token_grows_with_each_operation_and_outlives_the_stack)
{
	char id[STORE_NAME_MAX];
	autooperation struct store_operation o = { 0 };

	for (int i = 0; i < 3; i++) {
		begin("demo", NULL, id, 0);
		store_stack_set_state(s, "demo", STORE_STACK_DEPLOYING, id, &err);
		store_operation_finish(s, id, STORE_OPERATION_SUCCEEDED, NULL, &err);
		cr_assert_eq(store_stack_remove(s, "demo", id, &err), 0, "%s", err.message);
	}
	begin("demo", NULL, id, 0);
	cr_assert_eq(store_operation_load(s, id, &o, &err), 0);
	cr_expect_eq(o.token, 4);
}

Test(store, an_idempotency_key_gives_the_same_operation_and_refuses_another_request)
{
	struct store_operation_request other = { .kind = "deploy",
						 .stack = "demo",
						 .requested_by = "ann",
						 .idempotency_key = "k",
						 .request = "{\"x\": 1}" };
	char first[STORE_NAME_MAX], second[STORE_NAME_MAX];

	begin("demo", "k", first, 0);
	begin("demo", "k", second, 1);
	cr_expect_str_eq(first, second);
	store_operation_finish(s, first, STORE_OPERATION_SUCCEEDED, NULL, &err);
	begin("demo", "k", second, 1);
	cr_expect_eq(store_operation_begin(s, &other, second, &err), -EBUSY);
}

Test(store, an_operation_finishes_once)
{
	char id[STORE_NAME_MAX];

	begin("demo", NULL, id, 0);
	cr_expect_eq(store_operation_finish(s, id, STORE_OPERATION_FAILED, NULL, &err), 0);
	cr_expect_eq(store_operation_finish(s, id, STORE_OPERATION_SUCCEEDED, NULL, &err), -EBUSY);
}

Test(store, committing_a_revision_forgets_the_others_and_frees_their_addresses)
{
	autoworkloads struct store_workloads w = { 0 };
	int64_t first, second;
	int host;

	join("worker1", "k1");
	store_stack_set_state(s, "demo", STORE_STACK_DEPLOYING, "op-1", &err);
	cr_assert_eq(store_revision_add(s, "demo", "d1", "{}", &first, &err), 0);
	cr_assert_eq(store_revision_add(s, "demo", "d2", "{}", &second, &err), 0);
	cr_expect_eq(second, first + 1);
	put_workload("demo-api-1", first, "worker1");
	put_workload("demo-old-1", first, "worker1");
	put_workload("demo-api-1", second, "worker1");
	store_address_take(s, "worker1", "demo-api-1", &host, &err);
	store_address_take(s, "worker1", "demo-old-1", &host, &err);
	cr_assert_eq(store_stack_commit(s, "demo", second, &err), 0);
	cr_assert_eq(store_workload_list(s, "demo", 0, &w, &err), 0);
	cr_expect_eq(w.n, 1);
	store_address_take(s, "worker1", "demo-api-1", &host, &err);
	cr_expect_eq(host, 2);
	store_address_take(s, "worker1", "demo-new-1", &host, &err);
	cr_expect_eq(host, 3, "that of demo-old-1");
}

Test(store, a_stack_is_listed_with_its_state_and_revision)
{
	autostacks struct store_stacks stacks = { 0 };
	int64_t revision;

	store_stack_set_state(s, "demo", STORE_STACK_DEPLOYING, "op-1", &err);
	store_revision_add(s, "demo", "d1", "{}", &revision, &err);
	store_stack_commit(s, "demo", revision, &err);
	store_stack_set_state(s, "demo", STORE_STACK_RUNNING, "op-2", &err);
	cr_assert_eq(store_stack_list(s, &stacks, &err), 0, "%s", err.message);
	cr_assert_eq(stacks.n, 1);
	cr_expect_str_eq(stacks.list[0].state, "running");
	cr_expect_str_eq(stacks.list[0].digest, "d1");
	cr_expect_str_eq(stacks.list[0].operation, "op-2");
	cr_expect_eq(stacks.list[0].revision, revision);
}

/* A writer that is killed between the intent and the result of its second step. */
static void work_and_hang(int ready)
{
	struct store *mine = scratch_store();
	struct store_operation_request q = {
		.kind = "deploy", .stack = "demo", .requested_by = "ann", .request = "{}"
	};
	const char *const resources[] = { "demo-db-1", "demo-api-1", "demo-api-2" };
	char id[STORE_NAME_MAX];
	int number = 0;

	store_operation_begin(mine, &q, id, NULL);
	store_stack_set_state(mine, "demo", STORE_STACK_DEPLOYING, id, NULL);
	for (size_t i = 0; i < 3; i++)
		store_step_add(mine,
			       &(struct store_step){ .operation = id,
						     .name = "start",
						     .node = "worker1",
						     .resource = resources[i] },
			       &number, NULL);
	store_step_set(mine, id, 1, STORE_STEP_RUNNING, NULL, NULL, NULL);
	store_step_set(mine, id, 1, STORE_STEP_DONE, "ready", NULL, NULL);
	store_step_set(mine, id, 2, STORE_STEP_RUNNING, NULL, NULL, NULL);
	if (write(ready, id, sizeof(id)) != (ssize_t)sizeof(id))
		_exit(1);
	for (;;)
		pause();
}

static void kill_a_writer(char id[STORE_NAME_MAX])
{
	int fds[2], status;
	pid_t pid;

	cr_assert_eq(pipe(fds), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0)
		work_and_hang(fds[1]);
	cr_assert_eq(read(fds[0], id, STORE_NAME_MAX), STORE_NAME_MAX);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	close(fds[0]);
	close(fds[1]);
}

static const char *step_state(json_t *op, size_t i)
{
	json_t *step = json_array_get(json_object_get(op, "steps"), i);

	return json_string_value(json_object_get(step, "state"));
}

Test(store, an_operation_whose_writer_was_killed_becomes_interrupted_and_tells_how_far_it_came)
{
	char id[STORE_NAME_MAX];
	autojson json_t *op = NULL;
	struct store_stack st;
	const char *message;

	kill_a_writer(id);
	cr_assert_eq(store_operation_recover(s, &err), 1, "%s", err.message);
	cr_assert_eq(store_operation_recover(s, &err), 0, "once is enough");
	cr_assert_eq(store_operation_view(s, id, &op, &err), 0);
	cr_expect_str_eq(json_string_value(json_object_get(op, "state")), "interrupted");
	cr_expect_str_eq(step_state(op, 0), "done");
	cr_expect_str_eq(step_state(op, 1), "failed");
	cr_expect_str_eq(step_state(op, 2), "pending");
	message = json_string_value(json_object_get(json_object_get(op, "error"), "message"));
	cr_expect_str_eq(
		message,
		"controld ended during step 2, start of demo-api-1; 1 of 3 steps are done");
	cr_assert_eq(store_stack_get(s, "demo", &st, &err), 0);
	cr_expect_str_eq(st.state, "interrupted");
	begin("demo", NULL, id, 0);
}
