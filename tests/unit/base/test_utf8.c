/* What is UTF-8 and what only looks like it. */
#include "base/utf8.h"

#include <criterion/criterion.h>

Test(utf8, text_of_every_length_of_character_is_valid)
{
	static const char *const rows[] = { "",
					    "plain",
					    "\xc2\x80",
					    "\xdf\xbf",
					    "\xe0\xa0\x80",
					    "\xed\x9f\xbf",
					    "\xee\x80\x80",
					    "\xef\xbf\xbf",
					    "\xf0\x90\x80\x80",
					    "\xf4\x8f\xbf\xbf",
					    "a\xc3\xa4z" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(sp_utf8_valid(rows[i]), "row %zu", i);
}

Test(utf8, everything_else_is_not)
{
	static const char *const rows[] = { "\x80",
					    "\xbf",
					    "\xc0\x80",
					    "\xc1\xbf",
					    "\xc2",
					    "\xc2z",
					    "\xe0\x9f\xbf",
					    "\xe1\x80",
					    "\xed\xa0\x80",
					    "\xed\xbf\xbf",
					    "\xf0\x90",
					    "\xf0\x8f\xbf\xbf",
					    "\xf1\x80\x80",
					    "\xf4\x90\x80\x80",
					    "\xf5\x80\x80\x80",
					    "\xff",
					    "ok\xfe" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_not(sp_utf8_valid(rows[i]), "row %zu", i);
}
