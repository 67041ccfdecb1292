/* Stacks and their revisions. */
#include "control/store/stack.h"

#include <criterion/criterion.h>

#include "tests/unit/control/records.h"

CONTRACT(committing_a_revision_forgets_the_others_and_frees_their_addresses)
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

CONTRACT(a_brief_list_opens_one_spec_of_each_service)
{
	autoworkloads struct store_workloads w = { 0 };

	join("worker1", "k1");
	join("worker2", "k2");
	store_stack_set_state(s, "demo", STORE_STACK_DEPLOYING, "op-1", &err);
	put_workload("demo-api-2", 1, "worker2");
	put_workload("demo-api-1", 1, "worker1");
	put_workload("demo-api-1", 2, "worker1");
	cr_assert_eq(store_workload_list_brief(s, "demo", 0, &w, &err), 0, "%s", err.message);
	cr_assert_eq(w.n, 3);
	cr_expect_str_eq(w.list[0].id, "demo-api-1");
	cr_expect_str_eq(w.list[0].spec, "{\"image\": \"api\"}");
	cr_expect_str_eq(w.list[1].id, "demo-api-2");
	cr_expect_str_eq(w.list[1].node, "worker2");
	cr_expect_null(w.list[1].spec);
	cr_expect_eq(w.list[2].revision, 2);
	cr_expect_str_eq(w.list[2].spec, "{\"image\": \"api\"}");
}

CONTRACT(a_stack_is_listed_with_its_state_and_revision)
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
