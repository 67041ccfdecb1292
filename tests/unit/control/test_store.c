/* The store's contract: opening, migrating, transactions. */
#include "control/store/store.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "control/store/schema.h"
#include "tests/unit/control/records.h"

CONTRACT(opening_it_again_finds_it_migrated_and_loses_nothing)
{
	struct store *again;

	join("worker1", "k1");
	store_close(s);
	s = again = scratch_store();
	cr_expect_eq(store_check(again, &err), 0);
	cr_expect_eq(store_node_remove(again, "worker1", &err), 0);
}

CONTRACT(a_schema_newer_than_the_program_is_refused)
{
	struct store *other = NULL;

	cr_assert_eq(store_write(s, &err, "INSERT INTO schema_version VALUES (999)"), 1);
	cr_expect_lt(store_open(scratch_url(), NULL, &other, &err), 0);
	cr_expect_eq(err.code, SP_E_UNSUPPORTED);
	cr_expect_eq(err.stage, SP_STAGE_STORE);
}

static int append_and_fail(struct store *st, void *state, struct sp_err *e)
{
	struct store_event event = { .type = "test.lost" };

	(void)state;
	cr_assert_eq(store_event_append(st, &event, e), 0);
	return sp_fail(e, SP_E_CONFLICT, "changed my mind");
}

CONTRACT(a_failed_transaction_leaves_neither_change_nor_event_nor_gap)
{
	struct store_event event = { .type = "test.kept" };
	int64_t next;

	cr_assert_eq(store_event_append(s, &event, &err), 0);
	cr_expect_eq(store_transact(s, append_and_fail, NULL, &err), -EBUSY);
	cr_assert_eq(store_event_append(s, &event, &err), 0);
	autojson json_t *list = events_of((struct store_event_filter){ 0 }, &next);
	cr_expect_eq(json_array_size(list), 2);
	cr_expect_eq(next, 2);
}

static int hints;

static void count_hint(void *owner)
{
	(void)owner;
	hints++;
}

CONTRACT(the_hint_comes_after_commits_with_events_only)
{
	struct store_event event = { .type = "test.kept" };

	hints = 0;
	store_on_commit(s, count_hint, NULL);
	store_transact(s, append_and_fail, NULL, &err);
	cr_expect_eq(hints, 0);
	store_event_append(s, &event, &err);
	cr_expect_eq(hints, 1);
}

Test(sqlite, every_commit_is_synced_to_the_log_and_references_are_checked)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;

	cr_assert_eq(db_select(store_db(s), &rows, &err,
			       "SELECT journal_mode, synchronous, foreign_keys FROM"
			       " pragma_journal_mode, pragma_synchronous, pragma_foreign_keys"),
		     0, "%s", err.message);
	cr_assert_eq(db_next(rows, &err), 1);
	cr_expect_str_eq(db_text(rows, 0), "wal");
	cr_expect_eq(db_number(rows, 1), 2, "FULL");
	cr_expect_eq(db_number(rows, 2), 1);
}
