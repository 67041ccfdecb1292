/* What a controld finds that nobody runs any more. */
#include "tests/unit/control/cluster_engines.h"

/* Begun by a controld that died at once. */
static void leave_behind(const char *stack, char id[STORE_NAME_MAX])
{
	autojson json_t *bundle =
		json_pack("{s:s, s:s, s:s, s:{}, s:{}}", "name", stack, "file", "stack.yaml",
			  "text", "services:\n" DB, "variables", "files");
	autofree char *request = sp_json_text(bundle);
	struct store_operation_request q = { .kind = "deploy",
					     .stack = stack,
					     .requested_by = "test",
					     .request = request,
					     .lock = { .runner = c.runner,
						       .ttl_ns = c.config.lock_ttl_ns } };

	cr_assert_eq(store_operation_begin(s, &q, id, &err), 0, "%s", err.message);
}

static void start_anew(void)
{
	store_pool_give(c.stores, s);
	control_close(&c);
	open_control();
}

ON_BOTH(an_operation_whose_row_is_damaged_keeps_no_other_from_being_taken_over)
{
	char damaged[STORE_NAME_MAX], whole[STORE_NAME_MAX];
	struct store_lease l = { 0 };
	struct store_lease_force f = { .stack = "demo", .id = l.id, .by = "ann", .reason = "r" };
	autojson json_t *op = NULL, *cut = NULL;

	leave_behind("demo", damaged);
	leave_behind("other", whole);
	cr_assert_eq(store_write(s, &err, "UPDATE operations SET request = 'sp1:x' WHERE id = $1",
				 DB_S(damaged)),
		     1);
	start_anew();
	op = finished(whole);
	expect_state(op, "succeeded");
	cr_expect_eq(json_integer_value(json_object_get(op, "attempt")), 2);
	cr_assert_eq(store_lease_get(s, "demo", &l, &err), 0);
	cr_expect_str_eq(l.running, damaged, "it is there for who looks");
	cr_assert_eq(store_lease_force(s, &f, &l, &err), 0, "%s", err.message);
	cut = finished(damaged);
	expect_state(cut, "failed");
}
