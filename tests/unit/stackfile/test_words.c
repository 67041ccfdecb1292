/* Shell words: quotes and backslashes as a POSIX shell has them. */
#include "stackfile/words.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

/* The words joined by '|', or "(refused)". */
static void expect(const char *text, const char *joined)
{
	struct stack_arena *arena = stack_arena_new();
	autobuf struct sp_buf out = { 0 };
	char **words = words_split(arena, text);

	for (size_t i = 0; words && words[i]; i++)
		sp_buf_printf(&out, "%s%s", i ? "|" : "", words[i]);
	if (!words)
		sp_buf_puts(&out, "(refused)");
	cr_expect_str_eq(out.data ? out.data : "", joined, "%s", text);
	stack_arena_free(arena);
}

Test(words, are_split_at_blanks_outside_of_quotes)
{
	expect("", "");
	expect("  \t\n", "");
	expect("npm start", "npm|start");
	expect("  a   b\tc\n", "a|b|c");
	expect("sh -c 'echo  hi'", "sh|-c|echo  hi");
	expect("a\"b c\"d", "ab cd");
	expect("'' \"\"", "|");
}

Test(words, keep_what_quotes_and_backslashes_protect)
{
	expect("'a\\b$x'", "a\\b$x");
	expect("\"a\\\"b\\\\c\\$d\\e\"", "a\"b\\c$d\\e");
	expect("a\\ b", "a b");
	expect("a\\\nb", "ab");
}

Test(words, with_an_open_end_are_refused)
{
	expect("'open", "(refused)");
	expect("\"open", "(refused)");
	expect("end\\", "(refused)");
}

Test(words, beyond_the_most_a_spec_may_have_are_refused)
{
	char text[2 * (WORDS_MAX + 1) + 1] = "";

	for (int i = 0; i <= WORDS_MAX; i++)
		memcpy(text + 2 * i, "a ", 3);
	expect(text, "(refused)");
}
