/* The state of stacks: versions, removal, expectations, sealed values. */
#include "control/store/state.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/control/records.h"

static int64_t set(const char *key, const char *value, int64_t expected)
{
	struct store_state_change change = { .stack = "demo",
					     .key = key,
					     .value = value,
					     .sensitive = true,
					     .by = "ann",
					     .expected = expected };
	int64_t version = 0;
	int r = store_state_write(s, &change, &version, &err);

	return r < 0 ? r : version;
}

static void have_stack(void)
{
	cr_assert_eq(store_stack_set_state(s, "demo", STORE_STACK_RUNNING, "op-1", &err), 0);
}

CONTRACT(state_has_a_version_for_each_change_and_the_last_one_counts)
{
	autostate struct store_state_value v = { 0 };
	autojson json_t *list = NULL;

	have_stack();
	cr_expect_eq(set("vpc", "one", STORE_STATE_ANY), 1);
	cr_expect_eq(set("vpc", "two", STORE_STATE_ANY), 2);
	cr_assert_eq(store_state_get(s, "demo", "vpc", &v, &err), 0, "%s", err.message);
	cr_expect_str_eq(v.value, "two");
	cr_expect_eq(v.version, 2);
	cr_expect(v.sensitive);
	cr_assert_eq(store_state_list(s, "demo", &list, &err), 0);
	cr_expect_eq(json_array_size(list), 1);
	cr_expect_null(json_object_get(json_array_get(list, 0), "value"));
}

CONTRACT(state_that_was_removed_is_not_there_and_may_come_back)
{
	struct store_state_value v = { 0 };
	autojson json_t *list = NULL;

	have_stack();
	set("vpc", "one", STORE_STATE_ANY);
	cr_expect_eq(set("vpc", NULL, STORE_STATE_ANY), 2);
	cr_expect_eq(store_state_get(s, "demo", "vpc", &v, &err), -ENOENT);
	cr_expect_str_eq(err.message, "stack 'demo' has no state 'vpc'");
	cr_expect_eq(set("vpc", NULL, STORE_STATE_ANY), -ENOENT, "once");
	cr_assert_eq(store_state_list(s, "demo", &list, &err), 0);
	cr_expect_eq(json_array_size(list), 0);
	cr_expect_eq(set("vpc", "again", 0), 3);
}

CONTRACT(state_is_changed_only_from_the_version_that_was_expected)
{
	have_stack();
	cr_expect_eq(set("vpc", "one", 0), 1);
	cr_expect_eq(set("vpc", "two", 0), -EBUSY);
	cr_expect_str_eq(err.message, "'vpc' of stack 'demo' is at version 1, not at 0");
	cr_expect_eq(set("vpc", "two", 1), 2);
}

CONTRACT(state_belongs_to_a_stack_and_goes_with_it)
{
	struct store_state_value v = { 0 };

	cr_expect_eq(set("vpc", "one", STORE_STATE_ANY), -ENOENT);
	have_stack();
	cr_expect_eq(set("../x", "one", STORE_STATE_ANY), -EINVAL);
	cr_expect_eq(set("vpc", "one", STORE_STATE_ANY), 1);
	cr_assert_eq(store_stack_remove(s, "demo", "op-2", &err), 0, "%s", err.message);
	cr_expect_eq(store_state_get(s, "demo", "vpc", &v, &err), -ENOENT);
}

CONTRACT(a_value_of_state_is_in_no_column_and_no_event_as_it_is)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autojson json_t *list = NULL;
	autofree char *events = NULL;
	struct store_event_filter f = { .limit = 100 };
	int64_t next;

	have_stack();
	set("password", "canary-7f3a", STORE_STATE_ANY);
	cr_assert_eq(store_event_list(s, &f, &list, &next, &err), 0);
	events = json_dumps(list, 0);
	cr_expect_not_null(strstr(events, "state.set"));
	cr_expect_null(strstr(events, "canary"));
	cr_assert_eq(db_select(store_db(s), &rows, &err, "SELECT value FROM state_versions"), 0);
	cr_assert_eq(db_next(rows, &err), 1);
	cr_expect_null(strstr(db_text(rows, 0), "canary"));
}
