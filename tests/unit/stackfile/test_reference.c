/* docs/stack-file.md says what the reader does: its tables are the reader's own. */
#include "stackfile/reference.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "stackfile/keys.h"

Test(reference, the_page_holds_the_tables_of_the_reader)
{
	autobuf struct sp_buf page = { 0 }, tables = { 0 };
	struct sp_err err = { 0 };

	cr_assert_eq(sp_file_read_at(AT_FDCWD, "docs/stack-file.md", 1 << 20, &page, &err), 0, "%s",
		     err.message);
	stack_reference_markdown(&tables);
	cr_expect_not_null(strstr(page.data, tables.data),
			   "docs/stack-file.md is not up to date: run `make stack-reference`");
}

Test(reference, every_supported_key_is_explained_and_stands_once)
{
	for (const struct key_table *const *t = key_tables; *t; t++) {
		for (size_t i = 0; i < (*t)->n; i++) {
			const struct key *k = &(*t)->keys[i];

			cr_expect_eq(!k->parse, !k->help, "%s: %s", (*t)->where, k->name);
			for (size_t j = 0; j < i; j++)
				cr_expect_str_neq((*t)->keys[j].name, k->name, "%s", (*t)->where);
		}
	}
}

Test(reference, the_man_page_explains_every_supported_key)
{
	autobuf struct sp_buf page = { 0 };

	stack_reference_man(&page);
	for (const struct key_table *const *t = key_tables; *t; t++)
		for (size_t i = 0; i < (*t)->n; i++) {
			char line[64] = ".TP\n.B \\&", *end = line + strlen(line);

			for (const char *c = (*t)->keys[i].name; *c; c++)
				end += snprintf(end, 3, "%s%c", *c == '-' ? "\\" : "", *c);
			cr_expect(!(*t)->keys[i].parse || strstr(page.data, line), "%s", line);
		}
}
