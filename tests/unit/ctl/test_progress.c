/* The lines of an operation's progress, where there is no terminal. */
#include "ctl/progress.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void add(json_t *steps, const char *name, const char *state, int began, int ended)
{
	char from[64], to[64];

	snprintf(from, sizeof(from), "2026-11-21T08:00:%02d.000000000Z", began);
	snprintf(to, sizeof(to), "2026-11-21T08:00:%02d.000000000Z", ended);
	json_array_append_new(steps, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", name,
					       "resource", "", "node", "", "state", state,
					       "started_at", from, "finished_at", to));
}

/* The offset of a step's line; a step without one fails the test. */
static long place_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	cr_assert_not_null(at, "no '%s' in: %s", name, text);
	return at - text;
}

Test(progress, what_ended_is_told_in_the_order_of_the_ends_and_once)
{
	json_t *steps = json_array(), *op = json_pack("{s:o}", "steps", steps);
	struct ctl_progress *p = NULL;
	struct sp_err err = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	cr_assert_not_null(out);
	cr_assert_eq(ctl_progress_new(out, &p, &err), 0);
	add(steps, "start-db", "done", 8, 9);
	add(steps, "start-api", "pending", 0, 0);
	add(steps, "task", "done", 2, 7);
	add(steps, "pull", "failed", 1, 8);
	ctl_progress_update(p, op);
	json_array_clear(steps);
	add(steps, "start-db", "done", 8, 9);
	add(steps, "start-api", "done", 9, 10);
	add(steps, "task", "done", 2, 7);
	add(steps, "pull", "failed", 1, 8);
	ctl_progress_update(p, op);
	ctl_progress_free(p);
	fclose(out);
	cr_expect_lt(place_of(text, "task"), place_of(text, "pull"));
	cr_expect_lt(place_of(text, "pull"), place_of(text, "start-db"));
	cr_expect_lt(place_of(text, "start-db"), place_of(text, "start-api"));
	cr_expect_null(strstr(strstr(text, "task") + 1, "task"), "%s", text);
	free(text);
	json_decref(op);
}
