/* Print docs/stack-file.md, read from standard input, with its tables of keys made anew. */
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "stackfile/reference.h"

int main(void)
{
	autobuf struct sp_buf page = { 0 }, tables = { 0 };
	struct sp_err err;
	const char *from, *to;

	if (sp_read_all(STDIN_FILENO, 1 << 20, &page, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	from = page.data ? strstr(page.data, "<!-- from") : NULL;
	from = from ? strchr(from, '\n') : NULL;
	to = from ? strstr(from, "<!-- end -->") : NULL;
	stack_reference_markdown(&tables);
	if (!to || sp_buf_check(&tables, &err) < 0)
		return 1;
	printf("%.*s\n%s%s", (int)(from + 1 - page.data), page.data, tables.data, to);
	return 0;
}
