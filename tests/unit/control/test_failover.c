/*
 * The database dies and comes back while twenty stacks are deployed at once: every deploy comes to
 * its end, each workload is told to its agent once, and the events have no gap.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/control/fake_cluster.h"
#include "tests/unit/control/server.h"

#define STACKS  20
#define CRASHES 2

static char ids[STACKS][STORE_NAME_MAX];

static void start_on_a_server(void)
{
	server_start();
	server_url(scratch_where, sizeof(scratch_where), "");
	start_all();
}

static void stop_with_the_server(void)
{
	stop_all();
	server_stop();
}

TestSuite(failover, .init = start_on_a_server, .fini = stop_with_the_server, .timeout = 180);

static void begin_stack(int i)
{
	autofree char *name = sp_str_format("shop%d", i);
	autojson json_t *bundle = json_pack(
		"{s:s, s:s, s:s, s:{}, s:{}}", "name", name, "file", "stack.yaml", "text",
		"services:\n  db:\n    image: app\n  api:\n    image: app\n    depends_on: [db]\n",
		"variables", "files");
	autofree char *request = sp_json_text(bundle);
	struct store_operation_request q = {
		.kind = "deploy",
		.stack = name,
		.requested_by = "test",
		.request = request,
		.lock = { .runner = c.runner, .ttl_ns = c.config.lock_ttl_ns },
	};

	cr_assert_eq(store_operation_begin(s, &q, ids[i], &err), 0, "%s", err.message);
	cr_assert_eq(workers_queue(c.workers, ids[i], &err), 0);
}

static int64_t events_so_far(void)
{
	int64_t seq = 0;

	cr_assert_eq(store_event_last(s, &seq, &err), 0, "%s", err.message);
	return seq;
}

static void wait_for_events(int64_t more)
{
	int64_t goal = events_so_far() + more, deadline = sp_time_mono_ns() + DEADLINE_NS;

	for (;;) {
		uint64_t mark = watch_mark(c.watch);

		if (events_so_far() >= goal)
			return;
		cr_assert(watch_wait(c.watch, mark, deadline), "the deploys stand still");
	}
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
		n++;
	return n;
}

static void check_agents(void)
{
	autofree char *first = fake_agent_calls(&agents[0]), *second = fake_agent_calls(&agents[1]);
	autofree char *calls = sp_str_format("%s%s", first, second);

	for (int i = 0; i < STACKS; i++) {
		autofree char *db = sp_str_format("PUT shop%d-db-1,", i);
		autofree char *api = sp_str_format("PUT shop%d-api-1,", i);

		cr_expect_eq(count(calls, db), 1, "%zu x %s", count(calls, db), db);
		cr_expect_eq(count(calls, api), 1, "%zu x %s", count(calls, api), api);
	}
}

static void check_events(void)
{
	struct store_event_filter f = { .limit = 100000 };
	autojson json_t *list = NULL;
	size_t finishes = 0;
	int64_t next;

	cr_assert_eq(store_event_list(s, &f, &list, &next, &err), 0, "%s", err.message);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i);

		cr_assert_eq(json_integer_value(json_object_get(e, "seq")), (json_int_t)i + 1);
		finishes += !strcmp(member(e, "type"), "operation.finished");
	}
	cr_expect_eq(finishes, STACKS);
}

Test(failover, twenty_deploys_outlive_the_database_and_none_is_lost_or_doubled)
{
	autostacks struct store_stacks stacks = { 0 };

	for (int i = 0; i < STACKS; i++)
		begin_stack(i);
	for (int i = 0; i < CRASHES; i++) {
		wait_for_events(40);
		server_do("crash");
		server_do("again");
	}
	for (int i = 0; i < STACKS; i++) {
		autojson json_t *op = finished(ids[i]);

		expect_state(op, "succeeded");
	}
	cr_assert_eq(store_stack_list(s, &stacks, &err), 0, "%s", err.message);
	cr_expect_eq(stacks.n, STACKS);
	for (size_t i = 0; i < stacks.n; i++)
		cr_expect_eq(stacks.list[i].revision, 1, "%s", stacks.list[i].name);
	check_agents();
	check_events();
}
