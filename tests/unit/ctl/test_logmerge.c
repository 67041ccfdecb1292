/* Logs merged by their stamps. */
#include "ctl/logmerge.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static FILE *lines(const char *text)
{
	FILE *f = tmpfile();

	cr_assert_not_null(f);
	fputs(text, f);
	return f;
}

static char *merge(const struct ctl_logmerge_input *inputs, size_t n, bool stamps)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	cr_assert_eq(ctl_logmerge(inputs, n, stamps, f, NULL), 0);
	fclose(f);
	for (size_t i = 0; i < n; i++)
		fclose(inputs[i].file);
	return text;
}

Test(logmerge, lines_of_several_logs_come_in_the_order_of_their_stamps)
{
	struct ctl_logmerge_input inputs[] = {
		{ .file = lines("T1 a\nT4 d\n"), .prefix = "x| " },
		{ .file = lines(""), .prefix = "y| " },
		{ .file = lines("T2 b\nT3 c with words\nT4 e\n"), .prefix = "z| " },
	};
	char *text = merge(inputs, 3, false);

	cr_expect_str_eq(text, "x| a\nz| b\nz| c with words\nx| d\nz| e\n");
	free(text);
}

Test(logmerge, stamps_are_printed_when_asked_for)
{
	struct ctl_logmerge_input inputs[] = { { .file = lines("T1 a\n- b\n"), .prefix = "" } };
	char *text = merge(inputs, 1, true);

	cr_expect_str_eq(text, "T1 a\n- b\n");
	free(text);
}
