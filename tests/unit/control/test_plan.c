/* The plan: what is created, updated, kept and removed, and the reason told for each. */
#include "control/deploy/plan.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/json.h"

static struct sp_err err;

static struct plan make(const struct plan_workload *desired, size_t n_desired,
			const struct plan_workload *current, size_t n_current, bool distrust)
{
	struct plan_input in = { desired, current, n_desired, n_current, distrust };
	struct plan p;

	cr_assert_eq(plan_make(&in, &p, &err), 0);
	return p;
}

static const struct plan_workload web = { .id = "demo-web-1", .template = "t1", .node = "n1" };
static const struct plan_workload web_new = { .id = "demo-web-1", .template = "t2" };
static const struct plan_workload db = { .id = "demo-db-1", .template = "t1", .node = "n1" };

Test(plan, of_what_is_already_there_is_empty)
{
	struct plan p = make(&web, 1, &web, 1, false);

	cr_expect(plan_is_empty(&p));
	cr_expect_eq(p.items[0].action, PLAN_KEEP);
	plan_fini(&p);
}

Test(plan, creates_updates_and_removes_and_counts_them)
{
	const struct plan_workload desired[] = { db, web_new }, current[] = {
		web, { .id = "demo-old-1", .template = "t", .node = "n1" }
	};
	struct plan p = make(desired, 2, current, 2, false);
	char text[128];

	cr_assert_eq(p.n, 3);
	cr_expect_eq(p.items[0].action, PLAN_CREATE);
	cr_expect_eq(p.items[1].action, PLAN_UPDATE);
	cr_expect_eq(p.items[2].action, PLAN_REMOVE);
	cr_expect_str_eq(p.items[2].reason, "it is no longer in the stack");
	plan_summary(&p, text, sizeof(text));
	cr_expect_str_eq(text, "1 to create, 1 to update, 0 unchanged, 1 to remove");
	plan_fini(&p);
}

Test(plan, names_the_fields_that_changed_but_not_those_of_placement)
{
	autojson json_t *old =
		json_loads("{\"image\": \"a\", \"address\": \"1\", \"user\": \"x\"}", 0, NULL);
	autojson json_t *new =
		json_loads("{\"image\": \"b\", \"address\": \"2\", \"command\": []}", 0, NULL);
	struct plan_workload before = web, after = web_new;
	struct plan p;

	before.spec = old;
	after.spec = new;
	p = make(&after, 1, &before, 1, false);
	cr_expect_str_eq(p.items[0].reason, "image, command, user changed");
	plan_fini(&p);
}

Test(plan, after_an_interruption_trusts_nothing_to_be_as_written)
{
	struct plan p = make(&web, 1, &web, 1, true);

	cr_expect_eq(p.items[0].action, PLAN_UPDATE);
	cr_expect_str_eq(p.items[0].reason,
			 "told again: the last operation did not come to its end");
	plan_fini(&p);
}

Test(plan, removes_a_leftover_from_the_node_where_it_no_longer_belongs)
{
	struct plan_workload stray = web;
	struct plan p;

	stray.node = "n2";
	const struct plan_workload current[] = { stray, web };
	p = make(&web, 1, current, 2, false);
	cr_assert_eq(p.n, 2);
	cr_expect_eq(p.items[0].action, PLAN_KEEP);
	cr_expect_eq(p.items[0].current, 1);
	cr_expect_eq(p.items[1].action, PLAN_REMOVE);
	cr_expect_eq(p.items[1].current, 0);
	plan_fini(&p);
}

Test(plan, removes_once_what_is_known_twice_on_one_node)
{
	const struct plan_workload current[] = { web, web };
	struct plan p = make(NULL, 0, current, 2, false);

	cr_assert_eq(p.n, 1);
	cr_expect_eq(p.items[0].current, 1);
	plan_fini(&p);
}
