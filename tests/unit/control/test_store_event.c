/* The outbox: order, filters, agents' events. */
#include "control/store/event.h"

#include <criterion/criterion.h>
#include <pthread.h>

#include "tests/unit/control/records.h"

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

CONTRACT(events_of_writers_at_once_have_no_gap_and_no_double)
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

CONTRACT(events_are_read_by_cursor_and_filter)
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

CONTRACT(events_of_an_agent_come_with_the_cursor_they_were_read_to)
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
