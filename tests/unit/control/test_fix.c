/* What a drift fix tells of what it has put right, also when it fails on its way. */
#include "tests/unit/control/cluster_engines.h"

static void lose_workload(struct fake_agent *f, const char *id)
{
	size_t at;

	pthread_mutex_lock(&f->lock);
	at = fake_find(f, id);
	cr_assert_lt(at, f->n_specs);
	json_decref(f->specs[at]);
	f->specs[at] = f->specs[--f->n_specs];
	pthread_mutex_unlock(&f->lock);
}

static json_t *fix(void)
{
	char id[STORE_NAME_MAX];

	begin("drift-fix", "{}", id);
	return finished(id);
}

/* "demo-old-1,": the resources of its drift.fixed events. */
static void expect_told(const json_t *op, const char *wanted)
{
	struct store_event_filter f = { .operation = member(op, "id"),
					.type = "drift.fixed",
					.limit = 100 };
	autobuf struct sp_buf told = SP_BUF_INIT;
	autojson json_t *list = NULL;
	const json_t *one;
	int64_t next;
	size_t i;

	cr_assert_eq(store_event_list(s, &f, &list, &next, &err), 0, "%s", err.message);
	json_array_foreach (list, i, one)
		sp_buf_printf(&told, "%s,", member(json_object_get(one, "fields"), "resource"));
	cr_expect_str_eq(told.data ? told.data : "", wanted);
}

ON_BOTH(a_fix_that_fails_on_its_way_tells_what_it_has_put_right)
{
	autojson json_t *first = deploy(DB API), *failed = NULL, *whole = NULL;

	lose_workload(&agents[0], "demo-db-1");
	agents[1].extra = true;
	agents[0].refusals = 1000;
	failed = fix();
	expect_state(failed, "failed");
	expect_told(failed, "demo-old-1,");
	agents[0].refusals = 0;
	whole = fix();
	expect_state(whole, "succeeded");
	expect_told(whole, "demo-db-1,");
}

ON_BOTH(a_fix_that_finds_nothing_tells_nothing)
{
	autojson json_t *first = deploy(DB API), *op = fix();

	expect_state(op, "succeeded");
	expect_told(op, "");
}
