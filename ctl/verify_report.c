/* The report of `ctl verify`; see verify_report.h. */
#include "ctl/verify_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"

static const char *const names[VERIFY_VERDICTS] = { "PASS", "WARN", "FAIL", "SKIP" };

const char *verify_verdict_name(enum verify_verdict v)
{
	return names[v];
}

static void line_fini(struct verify_line *l)
{
	free(l->check);
	free(l->subject);
	free(l->address);
	free(l->stack);
	free(l->message);
	free(l->next);
}

void verify_report_fini(struct verify_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		line_fini(&r->lines[i]);
	free(r->lines);
	*r = (struct verify_report){ 0 };
}

static bool make_room(struct verify_report *r)
{
	size_t room = r->room ? 2 * r->room : 64;
	struct verify_line *grown;

	if (r->n < r->room)
		return true;
	grown = reallocarray(r->lines, room, sizeof(*grown));
	if (!grown)
		return false;
	r->lines = grown;
	r->room = room;
	return true;
}

static char *copy(const char *s)
{
	return strdup(s ? s : "");
}

void verify_report_add(struct verify_report *r, enum verify_verdict verdict, int64_t took_ns,
		       const struct verify_subject *subject, const char *fmt, ...)
{
	struct verify_line l = { .verdict = verdict, .took_ns = took_ns };
	char message[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	l.check = copy(subject->check);
	l.subject = copy(subject->name);
	l.address = copy(subject->address);
	l.stack = copy(subject->stack);
	l.message = copy(message);
	l.next = copy(verdict == VERIFY_FAIL ? subject->next : NULL);
	if (!l.check || !l.subject || !l.address || !l.stack || !l.message || !l.next ||
	    !make_room(r)) {
		r->no_memory = true;
		line_fini(&l);
		return;
	}
	r->lines[r->n++] = l;
	r->count[verdict]++;
}

bool verify_report_good(const struct verify_report *r)
{
	return !r->no_memory && !r->count[VERIFY_FAIL] && !r->count[VERIFY_SKIP] &&
	       r->count[VERIFY_PASS];
}

static bool is_suggested_before(const struct verify_report *r, size_t line)
{
	for (size_t i = 0; i < line; i++)
		if (!strcmp(r->lines[i].next, r->lines[line].next))
			return true;
	return false;
}

const char *verify_report_next(const struct verify_report *r, size_t i)
{
	for (size_t line = 0; line < r->n; line++)
		if (*r->lines[line].next && !is_suggested_before(r, line) && i-- == 0)
			return r->lines[line].next;
	return NULL;
}

void verify_report_count(const struct verify_report *r, const char *stack,
			 size_t ret[VERIFY_VERDICTS])
{
	memset(ret, 0, VERIFY_VERDICTS * sizeof(*ret));
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->lines[i].stack, stack))
			ret[r->lines[i].verdict]++;
}

static json_t *line_json(const struct verify_line *l)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "verdict", names[l->verdict],
			 "check", l->check, "subject", l->subject, "address", l->address, "stack",
			 l->stack, "took_ns", (json_int_t)l->took_ns, "message", l->message, "next",
			 l->next);
}

json_t *verify_report_json(const struct verify_report *r)
{
	autojson json_t *lines = json_array();

	for (size_t i = 0; i < r->n; i++)
		if (json_array_append_new(lines, line_json(&r->lines[i])) < 0)
			return NULL;
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:O}", "ok", verify_report_good(r), "passed",
			 (json_int_t)r->count[VERIFY_PASS], "warned",
			 (json_int_t)r->count[VERIFY_WARN], "failed",
			 (json_int_t)r->count[VERIFY_FAIL], "skipped",
			 (json_int_t)r->count[VERIFY_SKIP], "checks", lines);
}

/* Text as XML may hold it: control characters cannot be said in XML 1.0 at all. */
static void put_xml(const char *s, struct sp_buf *out)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '&')
			sp_buf_puts(out, "&amp;");
		else if (c == '<')
			sp_buf_puts(out, "&lt;");
		else if (c == '>')
			sp_buf_puts(out, "&gt;");
		else if (c == '"')
			sp_buf_puts(out, "&quot;");
		else
			sp_buf_putc(out, c < 0x20 ? ' ' : (char)c);
	}
}

static void put_element(const char *element, const char *text, struct sp_buf *out)
{
	sp_buf_printf(out, "<%s message=\"", element);
	put_xml(text, out);
	sp_buf_puts(out, "\"/>");
}

static void put_case(const struct verify_line *l, struct sp_buf *out)
{
	sp_buf_puts(out, "  <testcase classname=\"");
	put_xml(l->check, out);
	sp_buf_puts(out, "\" name=\"");
	put_xml(l->subject, out);
	sp_buf_puts(out, *l->subject && *l->address ? " " : "");
	put_xml(l->address, out);
	sp_buf_puts(out, "\"");
	if (l->took_ns > 0) /* else nobody measured it */
		sp_buf_printf(out, " time=\"%.6f\"", (double)l->took_ns / (double)SP_NS_PER_S);
	sp_buf_puts(out, ">");
	switch (l->verdict) {
	case VERIFY_FAIL:
		put_element("failure", l->message, out);
		break;
	case VERIFY_SKIP:
		put_element("skipped", l->message, out);
		break;
	case VERIFY_WARN:
		sp_buf_puts(out, "<system-out>WARN: ");
		put_xml(l->message, out);
		sp_buf_puts(out, "</system-out>");
		break;
	case VERIFY_PASS:
	case VERIFY_VERDICTS:
		break;
	}
	sp_buf_puts(out, "</testcase>\n");
}

void verify_report_junit(const struct verify_report *r, const char *suite, struct sp_buf *out)
{
	sp_buf_printf(out,
		      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n",
		      suite, r->n, r->count[VERIFY_FAIL], r->count[VERIFY_SKIP]);
	for (size_t i = 0; i < r->n; i++)
		put_case(&r->lines[i], out);
	sp_buf_puts(out, "</testsuite>\n");
}
