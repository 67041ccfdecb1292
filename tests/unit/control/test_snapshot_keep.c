/* Snapshots that were damaged in the store, and which ones stay; on either engine. */
#include "tests/unit/control/cluster_engines.h"

#include "control/snapshot/snapshot.h"

static void take(int times)
{
	struct snapshot_request q = { .stack = "demo", .cause = "request", .creator = "test" };

	while (times-- > 0)
		cr_assert_eq(snapshot_take(s, &c.config, &q, NULL, &err), 0, "%s", err.message);
}

static int run_sql(struct store *store, void *sql, struct sp_err *e)
{
	return db_script(store_db(store), sql, e);
}

static void sql(const char *text)
{
	cr_assert_eq(store_transact(s, run_sql, (char *)text, &err), 0, "%s", err.message);
}

/* One character of each content is another. */
static void alter_contents(void)
{
	sql("UPDATE snapshot_contents SET text = substr(text, 1, 40) || CASE substr(text, 41, 1)"
	    " WHEN 'A' THEN 'B' ELSE 'A' END || substr(text, 42)");
}

/* "4 3* 1*": those there are, newest first; a star: damaged. */
static void expect_there(const char *wanted)
{
	autosnapshots struct store_snapshots all = { 0 };
	autobuf struct sp_buf text = SP_BUF_INIT;

	cr_assert_eq(store_snapshot_look_all(s, "demo", &all, &err), 0, "%s", err.message);
	for (size_t i = 0; i < all.n; i++)
		sp_buf_printf(&text, "%s%lld%s", i ? " " : "", (long long)all.list[i].version,
			      all.list[i].damaged ? "*" : "");
	cr_expect_str_eq(text.data ? text.data : "", wanted);
}

static void prune(const struct store_snapshot_policy *policy, const char *wanted)
{
	cr_assert_geq(store_snapshot_prune(s, "demo", policy, &err), 0, "%s", err.message);
	expect_there(wanted);
}

static void expect_refused(const char *message)
{
	autowholesnapshot struct snapshot n = { 0 };

	cr_expect_lt(snapshot_open(s, "demo", 1, &n, &err), 0);
	cr_expect_eq(err.code, SP_E_CORRUPT);
	if (message)
		cr_expect_str_eq(err.message, message);
}

ON_BOTH(one_whose_row_was_altered_is_shown_as_damaged_and_refused)
{
	autojson json_t *op = deploy(DB), *again = NULL;
	autosnapshot struct store_snapshot n = { 0 };

	take(1);
	sql("UPDATE snapshots SET revision = 9");
	expect_there("1*");
	cr_assert_eq(store_snapshot_look(s, "demo", 1, &n, &err), 0, "%s", err.message);
	cr_expect(n.damaged);
	expect_refused("snapshot v1 of 'demo' is damaged: its row is not what was written");
	again = deploy(DB "    user: '5'\n");
	expect_state(again, "succeeded");
}

ON_BOTH(one_whose_content_was_altered_is_shown_as_damaged_and_refused)
{
	autojson json_t *first = deploy(DB), *second = deploy(DB "    user: '5'\n"), *failed = NULL;
	autosnapshot struct store_snapshot n = { 0 };
	char id[STORE_NAME_MAX];

	expect_there("1");
	alter_contents();
	take(1);
	expect_there("2 1*");
	cr_assert_eq(store_snapshot_look(s, "demo", 1, &n, &err), 0, "%s", err.message);
	cr_expect(n.damaged);
	expect_refused(NULL);
	free(fake_agent_calls(&agents[0]));
	begin("restore", "{\"snapshot\": 1}", id);
	failed = finished(id);
	expect_state(failed, "failed");
	cr_expect_str_eq(member(json_object_get(failed, "error"), "code"), "corrupt");
	expect_calls(&agents[0], "");
	expect_stack("running", 2);
}

ON_BOTH(one_whose_content_is_gone_is_shown_as_damaged)
{
	autojson json_t *op = deploy(DB);

	take(2);
	sql("DELETE FROM snapshot_contents");
	expect_there("2* 1*");
}

ON_BOTH(they_are_kept_by_number_but_for_the_last_verified_one_and_the_one_in_use)
{
	autojson json_t *op = deploy(DB);
	struct store_snapshot_policy policy = { .keep = 2, .in_use = 1 };

	take(5);
	sql("UPDATE snapshots SET verified_at = 0 WHERE version > 2");
	prune(&policy, "5 4 2 1");
	policy.in_use = 0;
	prune(&policy, "5 4 2");
}

ON_BOTH(they_are_kept_no_longer_than_their_age_allows)
{
	autojson json_t *op = deploy(DB);
	struct store_snapshot_policy policy = { .max_age_ns = 1 };

	take(2);
	prune(&policy, "2"); /* the last verified one stays, however old */
}

ON_BOTH(tagged_ones_stay_and_do_not_count)
{
	autojson json_t *op = deploy(DB);
	struct store_snapshot_policy by_number = { .keep = 2 }, by_age = { .max_age_ns = 1 };

	take(5);
	cr_assert_eq(store_snapshot_tag(s, "demo", 1, "golden", &err), 0, "%s", err.message);
	cr_assert_eq(store_snapshot_tag(s, "demo", 4, "a,b", &err), 0, "%s", err.message);
	prune(&by_number, "5 4 3 1");
	prune(&by_age, "5 4 1");
	cr_assert_eq(store_snapshot_tag(s, "demo", 1, "", &err), 0, "%s", err.message);
	prune(&by_number, "5 4 1");
	prune(&by_age, "5 4");
}

/* The newest ones say that they were verified, and could not be brought back. */
ON_BOTH(the_last_verified_one_that_stays_is_one_that_is_whole)
{
	autojson json_t *first = deploy(DB), *second = NULL;
	struct store_snapshot_policy policy = { .keep = 1 };

	take(2);
	second = deploy(DB "    user: '5'\n");
	take(2);
	expect_there("5 4 3 2 1");
	sql("UPDATE snapshots SET verified_by = 'ann' WHERE version IN (1, 4)");
	sql("UPDATE snapshots SET description = 'x' WHERE version > 3");
	prune(&policy, "5* 3 1");
}

ON_BOTH(what_is_verified_with_a_content_that_was_altered_is_not_the_last_good_one)
{
	autojson json_t *first = deploy(DB), *second = NULL;
	struct store_snapshot_policy policy = { .keep = 1 };

	take(1);
	second = deploy(DB "    user: '5'\n");
	take(2);
	sql("DELETE FROM snapshot_contents WHERE digest ="
	    " (SELECT content FROM snapshots WHERE version = 4)");
	prune(&policy, "4* 2");
}
