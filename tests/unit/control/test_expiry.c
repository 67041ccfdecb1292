/* Stacks whose lifetime is over, destroyed by controld itself. */
#include <errno.h>

#include "control/store/lease.h"
#include "control/store/snapshot.h"
#include "tests/unit/control/fake_cluster.h"

TestSuite(expiry, .init = start_all, .fini = stop_all, .timeout = 60);

#define TTL "x-stackpilot: {ttl: 1h}\n"

static int64_t expires_at(void)
{
	struct store_stack st;

	cr_assert_eq(store_stack_get(s, "demo", &st, &err), 0, "%s", err.message);
	return st.expires_at_ns;
}

static void let_expire(void)
{
	cr_assert_eq(store_write(s, &err,
				 "UPDATE stacks SET expires_at = 1, expiry_next = 1"
				 " WHERE name = 'demo'"),
		     1, "%s", err.message);
}

static json_t *events(const char *type)
{
	struct store_event_filter f = { .type = type, .stack = "demo", .limit = 100 };
	json_t *list = NULL;
	int64_t next;

	cr_assert_eq(store_event_list(s, &f, &list, &next, &err), 0, "%s", err.message);
	return list;
}

static json_t *wait_for_event(const char *type)
{
	int64_t deadline = sp_time_mono_ns() + DEADLINE_NS;

	for (;;) {
		uint64_t mark = watch_mark(c.watch);
		json_t *list = events(type);

		if (json_array_size(list))
			return list;
		json_decref(list);
		cr_assert(watch_wait(c.watch, mark, deadline), "no %s", type);
	}
}

static bool is_there(void)
{
	struct store_stack st;

	return store_stack_get(s, "demo", &st, NULL) == 0;
}

Test(expiry, begins_anew_with_each_deploy_and_the_deploy_warns_of_it)
{
	autojson json_t *first = deploy(DB TTL), *second = NULL, *third = NULL;
	int64_t at = expires_at();

	expect_state(first, "succeeded");
	cr_expect_not_null(strstr(member(json_object_get(first, "warnings"), "ttl"),
				  "1h0m after its last deploy"));
	second = deploy(DB TTL);
	cr_expect_gt(expires_at(), at, "also where nothing was to be done");
	third = deploy(DB);
	cr_expect_eq(expires_at(), 0);
	cr_expect_eq(json_object_size(json_object_get(third, "warnings")), 0);
}

Test(expiry, of_a_deploy_that_is_reverted_stays_what_it_was)
{
	autojson json_t *first = deploy(DB TTL), *second = NULL;
	int64_t at = expires_at();

	second = deploy(DB "    command: [fail]\n" TTL);
	expect_state(second, "reverted");
	cr_expect_eq(expires_at(), at);
}

Test(expiry, is_a_destroy_by_the_system_with_a_snapshot_before)
{
	autojson json_t *op = deploy(DB TTL), *gone = NULL, *list = NULL;
	autosnapshots struct store_snapshots kept = { 0 };
	const json_t *last;

	let_expire();
	gone = wait_for_event("stack.destroyed");
	cr_expect_not(is_there());
	cr_expect_eq(agents[0].n_specs, 0);
	cr_assert_eq(store_operation_views(s, "demo", 1, &list, &err), 0);
	last = json_array_get(list, 0);
	cr_expect_str_eq(member(last, "kind"), "destroy");
	cr_expect_str_eq(member(last, "requested_by"), "system");
	cr_assert_eq(store_snapshot_list(s, "demo", &kept, &err), 0);
	cr_expect_eq(kept.n, 1);
}

Test(expiry, waits_for_who_holds_the_lock_and_tells_of_it_once)
{
	struct store_lease_request q = { .stack = "demo",
					 .kind = STORE_LEASE_MANUAL,
					 .locked_by = "ann",
					 .requested_by = "ann",
					 .reason = "demo at noon",
					 .ttl_ns = 60 * SP_NS_PER_S };
	autojson json_t *op = deploy(DB TTL), *overdue = NULL, *again = NULL, *gone = NULL;
	struct store_lease l = { 0 };

	cr_assert_eq(store_lease_acquire(s, &q, &l, &err), STORE_LEASE_GRANTED);
	let_expire();
	overdue = wait_for_event("stack.overdue");
	cr_expect_str_eq(member(json_array_get(overdue, 0), "message"),
			 "its lock is held by ann: demo at noon");
	cr_expect(is_there());
	cr_assert_eq(store_lease_release(s, "demo", l.id, "ann", &err), 0, "%s", err.message);
	gone = wait_for_event("stack.destroyed");
	again = events("stack.overdue");
	cr_expect_eq(json_array_size(again), 1);
}

static void deploy_app(const char *extension)
{
	autofree char *text = sp_str_format("services:\n  app:\n    image: app\n%s", extension);
	autojson json_t *bundle = json_pack("{s:s, s:s, s:s, s:{}, s:{}}", "name", "app", "file",
					    "app.yaml", "text", text, "variables", "files");
	autofree char *request = sp_json_text(bundle);
	struct store_operation_request q = {
		.kind = "deploy",
		.stack = "app",
		.requested_by = "test",
		.request = request,
		.lock = { .runner = c.runner, .ttl_ns = c.config.lock_ttl_ns },
	};
	char id[STORE_NAME_MAX];

	cr_assert_eq(store_operation_begin(s, &q, id, &err), 0, "%s", err.message);
	cr_assert_eq(workers_queue(c.workers, id, &err), 0);
	autojson json_t *op = finished(id);
	expect_state(op, "succeeded");
}

Test(expiry, spares_a_stack_for_as_long_as_another_requires_it)
{
	autojson json_t *op = deploy(DB TTL), *overdue = NULL, *gone = NULL;

	deploy_app("x-stackpilot: {requires: [demo]}\n");
	let_expire();
	overdue = wait_for_event("stack.overdue");
	cr_expect_str_eq(member(json_array_get(overdue, 0), "message"),
			 "the stack 'demo' is required by 'app'");
	cr_expect(is_there());
	deploy_app("    hostname: x\n");
	gone = wait_for_event("stack.destroyed");
}
