/* Diagnostics; see report.h. */
#include "stackfile/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const char *const severity_names[] = {
	[STACK_NOTE] = "note",
	[STACK_WARNING] = "warning",
	[STACK_ERROR] = "error",
};

static const char *const code_names[] = {
#define X(sym, name) [STACK_CODE_##sym] = name,
	STACK_CODES(X)
#undef X
};

const char *stack_code_name(enum stack_code code)
{
	return code_names[code];
}

const char *stack_severity_name(enum stack_severity severity)
{
	return severity_names[severity];
}

static void diagnostic_fini(struct stack_diagnostic *d)
{
	free(d->file);
	free(d->key);
	free(d->message);
	free(d->suggestion);
}

void stack_report_fini(struct stack_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		diagnostic_fini(&r->list[i]);
	free(r->list);
	*r = (struct stack_report){ 0 };
}

static bool strings_copy(struct stack_diagnostic *d, const struct stack_finding *f)
{
	d->file = strdup(f->file);
	d->key = strdup(f->key);
	d->suggestion = f->suggestion ? strdup(f->suggestion) : NULL;
	return d->file && d->key && (d->suggestion || !f->suggestion);
}

static struct stack_diagnostic *room(struct stack_report *r)
{
	struct stack_diagnostic *list;

	if (r->n & (r->n - 1))
		return &r->list[r->n];
	list = reallocarray(r->list, r->n ? 2 * r->n : 1, sizeof(*list));
	if (!list)
		return NULL;
	r->list = list;
	return &list[r->n];
}

void stack_report_vadd(struct stack_report *r, const struct stack_finding *f, const char *fmt,
		       va_list ap)
{
	struct stack_diagnostic d = { .severity = f->severity, .code = f->code, .at = f->at };
	struct stack_diagnostic *slot;

	r->errors += f->severity == STACK_ERROR;
	r->warnings += f->severity == STACK_WARNING;
	if (r->n >= STACK_DIAGNOSTICS_MAX)
		return;
	slot = room(r);
	if (vasprintf(&d.message, fmt, ap) < 0)
		d.message = NULL;
	if (!slot || !d.message || !strings_copy(&d, f)) {
		diagnostic_fini(&d);
		r->no_memory = 1;
		return;
	}
	*slot = d;
	r->n++;
}

void stack_report_add(struct stack_report *r, const struct stack_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	stack_report_vadd(r, f, fmt, ap);
	va_end(ap);
}

static int compare(const void *left, const void *right)
{
	const struct stack_diagnostic *a = left, *b = right;

	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	if (a->at.column != b->at.column)
		return a->at.column < b->at.column ? -1 : 1;
	return (int)b->severity - (int)a->severity;
}

void stack_diagnostic_format(const struct stack_diagnostic *d, struct sp_buf *out)
{
	sp_buf_printf(out, "%s:%u:%u: %s: %s", d->file, d->at.line, d->at.column,
		      stack_severity_name(d->severity), d->message);
	if (d->suggestion)
		sp_buf_printf(out, " (%s)", d->suggestion);
}

static json_t *diagnostic_encode(const struct stack_diagnostic *d)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s*}", "severity",
			 stack_severity_name(d->severity), "code", stack_code_name(d->code), "file",
			 d->file, "line", (json_int_t)d->at.line, "column",
			 (json_int_t)d->at.column, "key", d->key, "message", d->message,
			 "suggestion", d->suggestion);
}

json_t *stack_report_encode(const struct stack_report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < r->n; i++)
		if (json_array_append_new(list, diagnostic_encode(&r->list[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* The report's first error, with how many more there are. */
static int refused(const struct stack_report *report, struct sp_err *err)
{
	autobuf struct sp_buf text = { 0 };

	for (size_t i = 0; i < report->n; i++) {
		if (report->list[i].severity != STACK_ERROR)
			continue;
		stack_diagnostic_format(&report->list[i], &text);
		break;
	}
	if (report->errors > 1)
		sp_buf_printf(&text, ", and %zu more", report->errors - 1);
	sp_fail(err, SP_E_INVALID, "%s", text.data ? text.data : "the stack file is refused");
	sp_err_at(err, SP_STAGE_VALIDATE);
	return -EINVAL;
}

int stack_report_result(struct stack_report *report, struct sp_err *err)
{
	if (report->n)
		qsort(report->list, report->n, sizeof(*report->list), compare);
	if (report->no_memory)
		return sp_fail_nomem(err);
	return report->errors ? refused(report, err) : 0;
}
