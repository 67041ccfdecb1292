/* Operations: one at a time, tokens, keys, and what a killed writer leaves. */
#include "control/store/operation.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/time.h"
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

CONTRACT(an_operation_whose_writer_was_killed_is_taken_over_and_its_journal_stays)
{
	struct store_lease_takeover t = { .runner = "me", .ttl_ns = SP_NS_PER_S * 30 };
	autooperation struct store_operation before = { 0 }, after = { 0 };
	char id[STORE_NAME_MAX];
	autojson json_t *op = NULL;

	kill_a_writer(id);
	t.operation = id;
	cr_assert_eq(store_operation_load(s, id, &before, &err), 0);
	cr_assert_eq(store_operation_take_over(s, &t, &err), STORE_LEASE_GRANTED, "%s",
		     err.message);
	cr_expect_eq(store_operation_take_over(s, &t, &err), STORE_LEASE_HELD, "it lives");
	cr_assert_eq(store_operation_load(s, id, &after, &err), 0);
	cr_expect_eq(after.attempt, 2);
	cr_expect_gt(after.token, before.token);
	cr_assert_eq(store_operation_view(s, id, &op, &err), 0);
	cr_expect_str_eq(json_string_value(json_object_get(op, "state")), "running");
	cr_expect_str_eq(step_state(op, 0), "done");
	cr_expect_str_eq(step_state(op, 1), "interrupted");
	cr_expect_str_eq(step_state(op, 2), "skipped");
}

CONTRACT(an_operation_that_has_ended_is_neither_taken_over_nor_cancelled)
{
	struct store_lease_takeover t = { .runner = "me", .ttl_ns = SP_NS_PER_S };
	char id[STORE_NAME_MAX];

	begin("demo", NULL, id, 0);
	t.operation = id;
	cr_assert_eq(store_operation_finish(s, id, STORE_OPERATION_SUCCEEDED, NULL, &err), 0);
	cr_expect_eq(store_operation_take_over(s, &t, &err), -EBUSY);
	cr_expect_eq(store_operation_cancel(s, id, "ann", &err), -EBUSY);
	cr_expect_str_eq(err.message, "operation 'op-1' has ended: succeeded");
}

CONTRACT(a_wish_to_cancel_is_kept_with_who_had_it_until_the_operation_reverts)
{
	struct wire_failure f;
	char id[STORE_NAME_MAX], who[STORE_NAME_MAX] = "";

	begin("demo", NULL, id, 0);
	cr_expect_eq(store_operation_cancelled(s, id, who, sizeof(who), &err), 0);
	cr_assert_eq(store_operation_cancel(s, id, "ann", &err), 0, "%s", err.message);
	cr_assert_eq(store_operation_cancel(s, id, "bob", &err), 0, "%s", err.message);
	cr_expect_eq(store_operation_cancelled(s, id, who, sizeof(who), &err), 1);
	cr_expect_str_eq(who, "ann");
	sp_fail(&err, SP_E_UNHEALTHY, "no");
	wire_failure_init(&f, &err, "controld");
	cr_assert_eq(store_operation_turn(s, id, &f, &err), 0, "%s", err.message);
	cr_expect_eq(store_operation_cancel(s, id, "ann", &err), -EBUSY);
}
