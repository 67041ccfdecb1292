/* Reading stack files in tests: text with its variables and files in, model or diagnostics out. */
#pragma once

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "stackfile/read.h"

/* What the text may refer to; both end with a NULL name. */
struct given {
	const char *name, *value;
};

struct reading {
	const struct given *variables, *files;
	struct stack *stack; /* NULL: refused */
	struct stack_report report;
	struct sp_err err;
	int result;
};

static inline const char *given_find(const struct given *list, const char *name)
{
	for (; list && list->name; list++)
		if (!strcmp(list->name, name))
			return list->value;
	return NULL;
}

static inline const char *given_variable(void *state, const char *name)
{
	return given_find(((struct reading *)state)->variables, name);
}

static inline int given_file(void *state, const char *path, struct sp_buf *ret, struct sp_err *err)
{
	const char *text = given_find(((struct reading *)state)->files, path);

	if (!text)
		return sp_fail(err, SP_E_NOT_FOUND, "'%s' is not there", path);
	sp_buf_puts(ret, text);
	return sp_buf_check(ret, err);
}

static inline struct stack_resolver given_resolver(struct reading *r)
{
	return (struct stack_resolver){ given_variable, given_file, r };
}

static inline void read_bytes_of(struct reading *r, const char *text, size_t len)
{
	struct stack_resolver resolver = given_resolver(r);
	struct stack_source source = {
		.file = "s.yaml", .text = text, .len = len, .name = "demo", .directory = "/srv/demo"
	};

	r->result = stack_read(&source, &resolver, &r->stack, &r->report, &r->err);
}

static inline void read_text_of(struct reading *r, const char *text)
{
	read_bytes_of(r, text, strlen(text));
}

static inline void reading_fini(struct reading *r)
{
	stack_free(r->stack);
	stack_report_fini(&r->report);
}

#define autoreading __attribute__((cleanup(reading_fini)))

/* Every line of the report that is at least that bad, for messages. */
static inline void report_text(const struct stack_report *report, enum stack_severity least,
			       struct sp_buf *out)
{
	for (size_t i = 0; i < report->n; i++) {
		if (report->list[i].severity < least)
			continue;
		stack_diagnostic_format(&report->list[i], out);
		sp_buf_putc(out, '\n');
	}
}

/* The text is accepted; says why when it is not. */
static inline void cr_accepted(struct reading *r, const char *text)
{
	autobuf struct sp_buf said = { 0 };

	read_text_of(r, text);
	report_text(&r->report, STACK_ERROR, &said);
	cr_assert_eq(r->result, 0, "%s\n%s", said.data ? said.data : r->err.message, text);
}

/* A service "web" with an image; body has whole lines, indented by four. */
static inline void cr_accepted_service(struct reading *r, const char *body)
{
	char text[8192];

	snprintf(text, sizeof(text), "services:\n  web:\n    image: nginx\n%s", body);
	cr_accepted(r, text);
}

static inline bool said(const struct stack_report *report, const char *line)
{
	for (size_t i = 0; i < report->n; i++) {
		autobuf struct sp_buf text = { 0 };

		stack_diagnostic_format(&report->list[i], &text);
		if (text.data && !strcmp(text.data, line))
			return true;
	}
	return false;
}

/* The report has exactly this line. */
static inline void cr_said(const struct stack_report *report, const char *line, const char *text)
{
	autobuf struct sp_buf all = { 0 };

	report_text(report, STACK_NOTE, &all);
	cr_expect(said(report, line), "expected: %s\n     got: %s\n%s", line,
		  all.data ? all.data : "(nothing)\n", text);
}
