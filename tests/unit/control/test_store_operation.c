/* Operations: one at a time, tokens, keys, and what a killed writer leaves. */
#include "control/store_operation.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/unit/control/records.h"

CONTRACT(one_operation_runs_on_a_stack_and_the_second_hears_which)
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

CONTRACT(of_many_operations_begun_at_once_on_a_stack_one_begins)
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

CONTRACT(the_fencing_token_grows_with_each_operation_and_outlives_the_stack)
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

CONTRACT(an_idempotency_key_gives_the_same_operation_and_refuses_another_request)
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

CONTRACT(an_operation_finishes_once)
{
	char id[STORE_NAME_MAX];

	begin("demo", NULL, id, 0);
	cr_expect_eq(store_operation_finish(s, id, STORE_OPERATION_FAILED, NULL, &err), 0);
	cr_expect_eq(store_operation_finish(s, id, STORE_OPERATION_SUCCEEDED, NULL, &err), -EBUSY);
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

CONTRACT(an_operation_whose_writer_was_killed_becomes_interrupted_and_tells_how_far_it_came)
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
