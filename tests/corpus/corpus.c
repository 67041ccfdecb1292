/*
 * Try the reader on public stack files: how many are accepted whole, and which keys refuse the
 * rest.
 *
 *   corpus FILE...       a table on standard output
 *   corpus -v FILE...    every diagnostic too
 *
 * Variables are all unset and files are all absent, as on a machine that has only the stack file;
 * an accepted file must also make a workload spec that the agents accept.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "stackfile/expand.h"
#include "stackfile/read.h"

#define REASONS_MAX 1024

struct reason {
	char text[160];
	size_t files, last; /* the last file it was counted for */
};

static struct reason reasons[REASONS_MAX];
static size_t n_reasons;

static const char *no_variable(void *state, const char *name)
{
	(void)state;
	(void)name;
	return NULL;
}

static int no_file(void *state, const char *path, struct sp_buf *ret, struct sp_err *err)
{
	(void)state;
	(void)ret;
	return sp_fail(err, SP_E_NOT_FOUND, "'%s' is not there", path);
}

/* "services.web.ports[0]" -> "services.*.ports[]" */
static void pattern(const char *key, char *ret, size_t room)
{
	size_t n = 0, dots = 0;

	for (const char *c = key; *c && n + 1 < room; c++) {
		dots += *c == '.';
		if (dots == 1 && *c == '.' && sp_str_starts(key, "services.")) {
			ret[n++] = '.';
			if (n + 1 < room)
				ret[n++] = '*';
			c += strcspn(c + 1, ".");
		} else if (*c == '[') {
			ret[n++] = '[';
			c += strcspn(c, "]") - 1;
		} else {
			ret[n++] = *c;
		}
	}
	ret[n] = '\0';
}

static void count(const struct stack_diagnostic *d, size_t file)
{
	char key[96], text[sizeof(reasons[0].text)];
	size_t i = 0;

	pattern(d->key, key, sizeof(key));
	snprintf(text, sizeof(text), "%-12s %s", stack_code_name(d->code), key);
	while (i < n_reasons && strcmp(reasons[i].text, text) != 0)
		i++;
	if (i == REASONS_MAX)
		return;
	if (i == n_reasons) {
		memcpy(reasons[i].text, text, sizeof(text));
		n_reasons++;
	}
	reasons[i].files += reasons[i].last != file;
	reasons[i].last = file;
}

static int expand_all(const struct stack *s, struct sp_err *err)
{
	for (size_t i = 0; i < s->n_services; i++) {
		struct wire_workload *w;
		int r = stack_expand(s, &s->services[i], 1, &w, err);

		if (r < 0)
			return r;
		wire_workload_free(w);
	}
	return 0;
}

static void print(const struct stack_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		autobuf struct sp_buf line = { 0 };

		stack_diagnostic_format(&report->list[i], &line);
		puts(line.data ? line.data : "");
	}
}

/* 1 accepted, 0 refused, negative: the reader is at fault. */
static int try_file(const char *path, size_t number, bool verbose)
{
	struct stack_resolver nothing = { no_variable, no_file, NULL };
	auto_(stack_free) struct stack *s = NULL;
	autobuf struct sp_buf text = { 0 };
	struct stack_report report = { 0 };
	struct stack_source source = { .file = path, .name = "corpus", .directory = "/srv" };
	struct sp_err err = { 0 };
	int r = sp_file_read_at(AT_FDCWD, path, 4 << 20, &text, &err);

	source.text = text.data ? text.data : "";
	source.len = text.len;
	if (r == 0)
		r = stack_read(&source, &nothing, &s, &report, &err);
	if (verbose)
		print(&report);
	for (size_t i = 0; i < report.n; i++)
		if (report.list[i].severity == STACK_ERROR)
			count(&report.list[i], number);
	stack_report_fini(&report);
	if (r == 0 && (r = expand_all(s, &err)) == 0)
		return 1;
	if (r == -EINVAL && !s)
		return 0;
	fprintf(stderr, "%s: %s\n", path, err.message);
	return r;
}

static int by_files(const void *a, const void *b)
{
	const struct reason *x = a, *y = b;

	if (x->files != y->files)
		return x->files < y->files ? 1 : -1;
	return strcmp(x->text, y->text);
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	size_t accepted = 0, files = 0;
	int status = 0;

	for (int i = 1 + verbose; i < argc; i++) {
		int r = try_file(argv[i], ++files, verbose);

		accepted += r == 1;
		status |= r < 0;
	}
	qsort(reasons, n_reasons, sizeof(reasons[0]), by_files);
	printf("%zu of %zu files are accepted whole\n\nfiles  reason       key\n", accepted, files);
	for (size_t i = 0; i < n_reasons; i++)
		printf("%5zu  %s\n", reasons[i].files, reasons[i].text);
	return status;
}
