/* Operations that are cancelled on their way: what was done is undone. */
#include "tests/unit/control/fake_cluster.h"

TestSuite(deploy_cancel, .init = start_all, .fini = stop_all, .timeout = 60);

/* Cancel the operation once that step has begun. */
static void cancel_at(const char *id, const char *step, const char *resource)
{
	int64_t deadline = sp_time_mono_ns() + DEADLINE_NS;

	for (;;) {
		uint64_t mark = watch_mark(c.watch);
		autosteps struct store_steps steps = { 0 };

		cr_assert_eq(store_step_list(s, id, &steps, &err), 0);
		for (size_t i = 0; i < steps.n; i++)
			if (steps.list[i].state == STORE_STEP_RUNNING &&
			    !strcmp(steps.list[i].name, step) &&
			    !strcmp(steps.list[i].resource, resource)) {
				cr_assert_eq(store_operation_cancel(s, id, "ann", &err), 0);
				return;
			}
		cr_assert(watch_wait(c.watch, mark, deadline), "no step %s", step);
	}
}

Test(deploy_cancel, that_is_cancelled_at_a_gate_goes_back_at_once)
{
	autojson json_t *first = deploy(DB), *op = NULL;
	autofree char *request = bundle_of("  slow:\n    image: app\n" ON("worker1"), "rollback");
	char id[STORE_NAME_MAX];

	c.config.gate_timeout_ns = 3600 * SP_NS_PER_S;
	begin("deploy", request, id);
	cancel_at(id, "ready", "demo-slow-1");
	op = finished(id);
	expect_state(op, "reverted");
	cr_expect_str_eq(member(op, "cancelled_by"), "ann");
	cr_expect_str_eq(member(json_object_get(op, "error"), "message"),
			 "operation 'op-2' was cancelled by ann");
	expect_stack("running", 1);
	cr_expect_eq(agents[0].n_specs, 1);
	cr_expect_not_null(fake_agent_member(&agents[0], "demo-db-1", "id"));
}

Test(deploy_cancel, that_is_cancelled_in_its_destroying_is_put_back)
{
	autojson json_t *first = deploy(DB API), *op = NULL;
	char id[STORE_NAME_MAX];

	agents[0].slow_deletes = true;
	begin("destroy", "{}", id);
	cancel_at(id, "remove", "demo-api-2");
	agents[0].slow_deletes = false;
	op = finished(id);
	expect_state(op, "reverted");
	expect_stack("running", 1);
	cr_expect_eq(agents[0].n_specs + agents[1].n_specs, 3);
}
