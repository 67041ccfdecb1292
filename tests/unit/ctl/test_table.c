/* Tables: columns line up, and nothing from outside reaches the terminal as a command. */
#include "ctl/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *print(const struct ctl_table *t)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	cr_assert_eq(ctl_table_print(t, f, NULL), 0);
	fclose(f);
	return text;
}

Test(table, columns_are_as_wide_as_their_widest_cell_and_lines_end_without_blanks)
{
	static const char *const titles[] = { "NAME", "N", "WHY", NULL };
	auto_(ctl_table_free) struct ctl_table *t = NULL;
	autofree char *text = NULL;

	cr_assert_eq(ctl_table_new(titles, &t, NULL), 0);
	ctl_table_cell(t, CTL_GREEN, "demo-db-1");
	ctl_table_cell(t, CTL_PLAIN, "1");
	ctl_table_cell(t, CTL_PLAIN, NULL);
	ctl_table_cell(t, CTL_PLAIN, "é");
	ctl_table_cell(t, CTL_PLAIN, "");
	ctl_table_cell(t, CTL_PLAIN, "late");
	text = print(t);
	cr_expect_str_eq(text, "NAME       N  WHY\n"
			       "demo-db-1  1  -\n"
			       "é          -  late\n");
}

Test(table, the_last_column_is_cut_to_the_width_of_a_terminal)
{
	static const char *const titles[] = { "N", "WHY", NULL };
	static const char *const why[] = { "short", "twelve chars", "thirteen char",
					   "ééééééééééééééé" };
	auto_(ctl_table_free) struct ctl_table *t = NULL;
	autofree char *text = NULL, *whole = NULL;

	cr_assert_eq(ctl_table_new(titles, &t, NULL), 0);
	for (size_t i = 0; i < 4; i++) {
		ctl_table_cell(t, CTL_PLAIN, "1");
		ctl_table_cell(t, CTL_PLAIN, why[i]);
	}
	ctl_table_fit(t, 6);
	whole = print(t);
	cr_expect(strstr(whole, "thirteen char\n"), "no room for any cut");
	ctl_table_fit(t, 15);
	text = print(t);
	cr_expect_str_eq(text, "N  WHY\n"
			       "1  short\n"
			       "1  twelve chars\n"
			       "1  thirteen ...\n"
			       "1  ééééééééé...\n");
}

Test(table, control_characters_of_any_kind_print_as_question_marks)
{
	autobuf struct sp_buf out = SP_BUF_INIT;

	ctl_clean(&out,
		  "a\033[31mb\x7f\xc2\x9b"
		  "c\nd\te é",
		  false);
	cr_expect_str_eq(out.data, "a?[31mb??c?d?e é");
	sp_buf_clear(&out);
	ctl_clean(&out, "a\nb\r", true);
	cr_expect_str_eq(out.data, "a\nb?");
}
