/* Backups, moves from one engine to the other, and looking a store through. */
#include "control/store/copy.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "control/store/identity.h"
#include "control/store/inspect.h"
#include "control/store/state.h"
#include "control/store/tables.h"
#include "tests/unit/control/records.h"

/* Something in every table that matters here. */
static void fill(void)
{
	char id[STORE_NAME_MAX];
	int64_t revision = 0, version;
	int host, number;

	join("worker1", "k1");
	begin("demo", "key-1", id, 0);
	store_stack_set_state(s, "demo", STORE_STACK_DEPLOYING, id, &err);
	cr_assert_eq(
		store_revision_add(s, "demo", "d1", "{\"text\": \"hunter2\"}", &revision, &err), 0,
		"%s", err.message);
	put_workload("demo-api-1", revision, "worker1");
	store_address_take(s, "worker1", "demo-api-1", &host, &err);
	store_step_add(s, &(struct store_step){ .operation = id, .name = "start" }, &number, &err);
	store_stack_commit(s, "demo", revision, &err);
	cr_assert_eq(store_state_write(s,
				       &(struct store_state_change){ .stack = "demo",
								     .key = "region",
								     .value = "eu",
								     .by = "ann",
								     .expected = STORE_STATE_ANY },
				       &version, &err),
		     0, "%s", err.message);
	cr_assert_eq(store_operation_finish(s, id, STORE_OPERATION_SUCCEEDED, NULL, &err), 0, "%s",
		     err.message);
}

static json_t *inspect(struct store *st)
{
	json_t *view = NULL;

	cr_assert_eq(store_inspect(st, &view, &err), 0, "%s", err.message);
	return view;
}

static void expect_findings(struct store *st, size_t n)
{
	autojson json_t *view = inspect(st);
	json_t *list = json_object_get(view, "findings");

	cr_expect_eq(json_array_size(list), n, "%zu findings, the first: %s", json_array_size(list),
		     json_string_value(json_array_get(list, 0)));
}

static const char *other_url(void)
{
	static char url[128];

	snprintf(url, sizeof(url), "sqlite:%s/copy.db", scratch_dir);
	return url;
}

static struct store *open_other(const char *url)
{
	struct store *st = NULL;

	cr_assert_eq(store_open(url, scratch_seal(), &st, &err), 0, "%s", err.message);
	return st;
}

static int64_t token_of(struct store *st)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;

	cr_assert_eq(db_select(store_db(st), &rows, &err,
			       "SELECT token FROM leases WHERE stack = 'demo'"),
		     0, "%s", err.message);
	cr_assert_eq(db_next(rows, &err), 1);
	return db_number(rows, 0);
}

static void expect_same(struct store *copy)
{
	autojson json_t *a = inspect(s), *b = inspect(copy);
	autofree char *bundle = NULL;

	cr_expect(json_equal(json_object_get(a, "tables"), json_object_get(b, "tables")));
	cr_assert_eq(store_revision_bundle(copy, "demo", 1, &bundle, &err), 0, "%s", err.message);
	cr_expect_str_eq(bundle, "{\"text\": \"hunter2\"}");
}

CONTRACT(a_backup_holds_every_row_and_its_tokens_are_ahead)
{
	struct store *copy;

	fill();
	cr_assert_eq(store_backup(s, other_url(), &err), 0, "%s", err.message);
	copy = open_other(other_url());
	expect_same(copy);
	expect_findings(copy, 0);
	cr_expect_gt(token_of(copy), token_of(s) + 1000);
	store_close(copy);
}

CONTRACT(the_store_goes_on_after_a_backup)
{
	char id[STORE_NAME_MAX];

	fill();
	cr_assert_eq(store_backup(s, other_url(), &err), 0, "%s", err.message);
	begin("demo", NULL, id, 0);
	expect_findings(s, 0);
}

CONTRACT(a_move_takes_the_tokens_along_and_closes_the_old_store)
{
	struct store_event event = { .type = "test.late" };
	char id[STORE_NAME_MAX];
	struct store *copy;

	fill();
	cr_assert_eq(store_identity_check(s, "sha256:ca", "key1", &err), 0);
	cr_assert_eq(store_move(s, other_url(), &err), 0, "%s", err.message);
	copy = open_other(other_url());
	cr_expect_eq(token_of(copy), token_of(s));
	cr_expect_eq(store_identity_check(copy, "sha256:ca", "key1", &err), 0, "%s", err.message);
	cr_expect_eq(store_event_append(s, &event, &err), -EACCES);
	cr_expect_eq(store_identity_check(s, "sha256:ca", "key1", &err), -EACCES);
	store_close(s);
	s = copy;
	begin("demo", NULL, id, 0);
	cr_expect_str_eq(id, "op-2");
	expect_findings(s, 0);
}

CONTRACT(a_store_does_not_move_while_an_operation_runs)
{
	char id[STORE_NAME_MAX];

	begin("demo", NULL, id, 0);
	cr_expect_eq(store_move(s, other_url(), &err), -EBUSY);
	cr_expect_not_null(strstr(err.message, id), "%s", err.message);
	cr_expect_eq(store_operation_finish(s, id, STORE_OPERATION_SUCCEEDED, NULL, &err), 0);
}

CONTRACT(a_database_that_is_not_empty_is_left_alone)
{
	struct store_event event = { .type = "test.there" };
	struct store *other = open_other(other_url());

	fill();
	cr_assert_eq(store_event_append(other, &event, &err), 0);
	cr_expect_eq(store_move(s, other_url(), &err), -EEXIST);
	cr_expect_eq(store_backup(s, other_url(), &err), -EEXIST);
	expect_findings(other, 0);
	expect_findings(s, 0);
	store_close(other);
}

/* From a file into a server's database and back again. */
Test(postgres, a_store_moves_to_the_server_and_back)
{
	char there[192];
	struct store *file = open_other(other_url()), *server = s;

	snprintf(there, sizeof(there), "%s", scratch_url());
	s = file;
	fill();
	cr_assert_eq(store_move(file, there, &err), 0, "%s", err.message);
	expect_findings(server, 0);
	snprintf(scratch_where, sizeof(scratch_where), "sqlite:%s/back.db", scratch_dir);
	cr_assert_eq(store_backup(server, scratch_where, &err), 0, "%s", err.message);
	s = scratch_store();
	expect_same(server);
	store_close(file);
	store_close(server);
}

CONTRACT(a_sound_store_has_no_findings_and_a_damaged_one_names_each)
{
	static const char *const damage[] = {
		"UPDATE counters SET value = value + 5 WHERE name = 'events'",
		"DELETE FROM events WHERE seq = 2",
		"UPDATE leases SET token = 0",
		"UPDATE revisions SET revision = 7",
		"UPDATE operations SET request = 'plain'",
	};

	fill();
	expect_findings(s, 0);
	for (size_t i = 0; i < SP_COUNT(damage); i++)
		cr_assert_eq(
			store_write_args(s, damage[i], &(struct db_value){ .type = DB_END }, &err),
			1, "%s: %s", damage[i], err.message);
	/* the moved revision's bundle does not open in its new place either */
	expect_findings(s, SP_COUNT(damage) + 1);
}

/* A table that is not in the list would be missing in every backup. */
Test(sqlite, the_list_of_tables_is_whole)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	static const char *const known[] = {
#define X(name) #name,
		STORE_TABLES(X)
#undef X
			"schema_version",
		"commits",
	};

	cr_assert_eq(db_select(store_db(s), &rows, &err,
			       "SELECT name FROM sqlite_master WHERE type = 'table'"),
		     0);
	while (db_next(rows, &err) > 0) {
		bool listed = false;

		for (size_t i = 0; i < SP_COUNT(known); i++)
			listed |= !strcmp(known[i], db_text(rows, 0));
		cr_expect(listed, "table '%s' is not in control/store/tables.h", db_text(rows, 0));
	}
}

Test(sqlite, a_url_that_cannot_be_read_is_refused_and_nothing_of_it_is_told)
{
	static const char *const urls[] = {
		"postgresql://ann:hun@ter2@db/sp",
		"postgresql://ann:hun/ter2@db/sp",
		"postgresql://ann:hu%ZZnter2@db/sp",
		"postgresql://ann:hunter2@db/sp?nosuch=hunter2",
	};

	for (size_t i = 0; i < SP_COUNT(urls); i++) {
		struct db *db = NULL;

		cr_expect_lt(db_open(urls[i], &db, &err), 0, "%s", urls[i]);
		cr_expect_eq(err.code, SP_E_INVALID);
		cr_expect_null(strstr(err.message, "hu"), "%s", err.message);
	}
}
