/* What a failed gate shows of a log: each line once, none of another time, as much as there is room
 * for. */
#include "control/operation/evidence.h"

#include <criterion/criterion.h>

#define OLD "2026-11-21T15:07:37.000000009Z stdout F before\n"
#define ONE "2026-11-21T15:07:38.624180384Z stdout F one\n"
#define TWO "2026-11-21T15:07:38.624180385Z stderr F two words\n"

static const struct {
	const char *log, *since, *want;
} table[] = {
	{ "", "", "" },
	{ ONE TWO, "", "one\ntwo words\n" },
	{ OLD ONE TWO, "2026-11-21T15:07:38.624180384Z", "one\ntwo words\n" },
	{ OLD ONE TWO, "2026-11-21T15:07:38.624180385Z", "two words\n" },
	{ OLD, "2026-11-21T15:07:38.000000000Z", "" },
	{ ONE "2026-11-21T15:07:39.000000000Z stdout F ", "", "one\n\n" },
	{ ONE "2026-11-21T15:07:39.000000000Z stdout P cut", "", "one\ncut\n" },
	{ "no such format\n" ONE, "", "no such format\none\n" },
};

Test(evidence, tells_each_line_since_the_start_once)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char text[256];

		evidence_of_log(table[i].log, table[i].since, text, sizeof(text));
		cr_expect_str_eq(text, table[i].want, "%zu: '%s'", i, text);
	}
}

Test(evidence, keeps_the_last_whole_lines_that_have_room)
{
	char text[16];

	evidence_of_log(ONE TWO, "", text, sizeof(text));
	cr_expect_str_eq(text, "one\ntwo words\n");
	evidence_of_log(ONE TWO, "", text, 14);
	cr_expect_str_eq(text, "two words\n");
	evidence_of_log(ONE TWO, "", text, 5);
	cr_expect_str_eq(text, "", "a line longer than the room is not told in part");
}
