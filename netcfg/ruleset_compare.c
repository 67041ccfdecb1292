/*
 * Two texts of the table compared; see net_ruleset_compare().
 *
 * Each text becomes a list of lines that bear the name of their block. nft breaks a long list of
 * elements after a comma; such a line goes on with the next.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "netcfg/ruleset.h"

#define ABSENT "table ip " NET_TABLE

struct block {
	char name[80];
	size_t depth;
};

/* "chain x {" opens a block, "table ip stackpilot {" the table itself. */
static bool opens(struct block *b, char *line)
{
	size_t n = strlen(line);

	if (n < 2 || strcmp(line + n - 2, " {") != 0)
		return false;
	line[n - 2] = '\0';
	if (b->depth++ == 1)
		snprintf(b->name, sizeof(b->name), "%s", line);
	return true;
}

static int take_line(struct block *b, char *line, char ***lines)
{
	autofree char *entry = NULL;

	if (opens(b, line)) {
		if (b->depth == 1)
			return 0;
		return sp_strv_push(lines, b->name);
	}
	if (!strcmp(line, "}")) {
		b->depth -= b->depth > 0;
		return 0;
	}
	entry = sp_str_format("%s: %s", b->name, line);
	return entry ? sp_strv_push(lines, entry) : -ENOMEM;
}

/* One logical line from *rest, its blanks folded, in out; false at the end. */
static bool next_line(const char **rest, struct sp_buf *out)
{
	sp_buf_clear(out);
	while (**rest) {
		size_t n = strcspn(*rest, "\n"), blanks = strspn(*rest, " \t");

		if (blanks < n)
			sp_buf_append(out, *rest + blanks, n - blanks);
		*rest += n + ((*rest)[n] == '\n');
		if (out->len && out->data[out->len - 1] == ',')
			sp_buf_putc(out, ' ');
		else if (out->len)
			return true;
	}
	return out->len > 0;
}

static int lines_of(const char *text, char ***ret, struct sp_err *err)
{
	autobuf struct sp_buf line = SP_BUF_INIT;
	struct block b = { 0 };
	char **lines = calloc(1, sizeof(*lines));
	int r = lines ? 0 : -ENOMEM;

	while (r == 0 && next_line(&text, &line)) {
		r = sp_buf_check(&line, NULL);
		if (r == 0)
			r = take_line(&b, line.data, &lines);
	}
	if (r < 0) {
		sp_strv_free(lines);
		return sp_fail_nomem(err);
	}
	*ret = lines;
	return 0;
}

/* The same rule twice is one too many: each line of the other list answers for one. */
static bool strike(char **list, bool *struck, const char *line)
{
	for (size_t i = 0; list[i]; i++)
		if (!struck[i] && !strcmp(list[i], line))
			return struck[i] = true;
	return false;
}

/* A line of a block that is itself in the list says nothing more. */
static bool is_told(char *const *list, const char *line)
{
	for (; *list; list++)
		if (sp_str_starts(line, *list) && line[strlen(*list)] == ':')
			return true;
	return false;
}

/* Lines of `all` that `other` does not have. */
static int subtract(char **all, char **other, char ***ret, struct sp_err *err)
{
	autofree bool *struck = calloc(sp_strv_count(other) + 1, sizeof(*struck));
	char **left = calloc(1, sizeof(*left));
	int r = struck && left ? 0 : -ENOMEM;

	for (; r == 0 && *all; all++)
		if (!strike(other, struck, *all) && !is_told(left, *all))
			r = sp_strv_push(&left, *all);
	if (r < 0) {
		sp_strv_free(left);
		return sp_fail_nomem(err);
	}
	*ret = left;
	return 0;
}

static int compare(char **wanted, char **present, char ***ret_missing, char ***ret_extra,
		   struct sp_err *err)
{
	char **missing = NULL, *absent[] = { (char[]){ ABSENT }, NULL };
	int r = subtract(*present || !*wanted ? wanted : absent, present, &missing, err);

	if (r == 0)
		r = subtract(present, wanted, ret_extra, err);
	if (r < 0)
		sp_strv_free(missing);
	else
		*ret_missing = missing;
	return r;
}

int net_ruleset_compare(const char *wanted, const char *present, char ***ret_missing,
			char ***ret_extra, struct sp_err *err)
{
	char **a = NULL, **b = NULL;
	int r = lines_of(wanted, &a, err);

	if (r == 0)
		r = lines_of(present, &b, err);
	if (r == 0)
		r = compare(a, b, ret_missing, ret_extra, err);
	sp_strv_free(a);
	sp_strv_free(b);
	return r;
}
