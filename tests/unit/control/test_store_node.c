/* Nodes, their subnets and the addresses in them. */
#include "control/store/node.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/control/records.h"

CONTRACT(each_node_has_a_subnet_of_its_own_and_keeps_it)
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

CONTRACT(the_name_of_a_live_node_cannot_be_taken_by_another_key)
{
	struct store_node n = { .name = "worker1", .address = "10.0.0.9", .key_id = "thief" };

	join("worker1", "k1");
	store_node_set_state(s, "worker1", STORE_NODE_READY, NULL, "answers", &err);
	cr_expect_eq(store_node_join(s, &n, &err), -EBUSY);
	store_node_set_state(s, "worker1", STORE_NODE_UNREACHABLE, NULL, "gone", &err);
	cr_expect_eq(store_node_join(s, &n, &err), 0, "a dead one's name may be");
}

CONTRACT(a_node_changes_state_with_one_event_each)
{
	int64_t next;

	join("worker1", "k1");
	store_node_set_state(s, "worker1", STORE_NODE_READY, NULL, "answers", &err);
	store_node_set_state(s, "worker1", STORE_NODE_READY, NULL, "answers", &err);
	store_node_set_state(s, "worker1", STORE_NODE_UNREACHABLE, NULL, "timed out", &err);
	autojson json_t *list = events_of((struct store_event_filter){ .type = "node." }, &next);
	cr_expect_eq(json_array_size(list), 3, "joined, ready, unreachable");
}

CONTRACT(an_address_stays_with_its_workload_and_the_lowest_free_one_is_given)
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

CONTRACT(a_full_subnet_is_an_error_that_names_the_node)
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

CONTRACT(a_node_with_workloads_is_not_removed)
{
	join("worker1", "k1");
	store_stack_set_state(s, "demo", STORE_STACK_RUNNING, "op-1", &err);
	put_workload("demo-api-1", 1, "worker1");
	cr_expect_eq(store_node_remove(s, "worker1", &err), -EBUSY);
	cr_expect_not_null(strstr(err.message, "demo-api-1"));
	cr_expect_eq(store_node_remove(s, "nobody", &err), -ENOENT);
}
