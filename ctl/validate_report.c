/* Checks as rows and as JUnit's cases; see validate_report.h. */
#include "ctl/validate_report.h"

#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "ctl/exit.h"
#include "ctl/output.h"
#include "ctl/source.h"
#include "ctl/verify_report.h"

static const char *const members[] = { "passed", "warned", "failed", "skipped" };

static long long count(const json_t *validation, const char *member)
{
	return (long long)json_integer_value(json_object_get(validation, member));
}

/* "stack.yaml:4:5", "worker1", or both. */
static void put_address(const json_t *check, struct sp_buf *out)
{
	const char *file = ctl_json_text(check, "file"), *node = ctl_json_text(check, "node");

	sp_buf_puts(out, file);
	if (json_object_get(check, "line"))
		sp_buf_printf(out, ":%lld:%lld", count(check, "line"), count(check, "column"));
	sp_buf_printf(out, "%s%s", *file && *node ? " " : "", node);
}

static const struct ctl_column columns[] = {
	{ .title = "RESULT", .path = "verdict", .state = true },
	{ .title = "STACK", .path = "stack" },
	{ .title = "AREA", .path = "area" },
	{ .title = "RESOURCE", .path = "resource" },
	{ .title = "ADDRESS", .text = put_address },
	{ .title = "WHY", .path = "message" },
	{ .title = "NEXT", .path = "next", .wide = true },
	CTL_COLUMNS_END,
};

static const json_t *validations_of(const json_t *document)
{
	return json_object_get(document, "validations");
}

static json_t *rows_of(const json_t *document)
{
	json_t *rows = json_array(), *one, *check;
	size_t i, j;

	json_array_foreach (validations_of(document), i, one) {
		json_array_foreach (json_object_get(one, "checks"), j, check) {
			json_t *row = json_copy(check);

			json_object_set(row, "stack", json_object_get(one, "stack"));
			json_array_append_new(rows, row);
		}
	}
	return rows;
}

static long long total(const json_t *document, const char *member)
{
	const json_t *one;
	long long sum = 0;
	size_t i;

	json_array_foreach (validations_of(document), i, one)
		sum += count(one, member);
	return sum;
}

/* Under --strict nothing may be amiss or left unseen. */
static bool is_good(const struct ctl_args *args, const json_t *document)
{
	if (total(document, "failed"))
		return false;
	return !ctl_flag_on(args, "strict") ||
	       (!total(document, "warned") && !total(document, "skipped"));
}

static int print_table(const struct ctl_args *args, const json_t *document,
		       struct wire_failure *fail)
{
	autojson json_t *rows = rows_of(document);
	int r = ctl_print_list(args, document, rows, columns, fail);

	if (r < 0)
		return r;
	printf("\n%s:", is_good(args, document) ? "PASS" : "FAIL");
	for (size_t i = 0; i < SP_COUNT(members); i++)
		printf("%s %lld %s", i ? "," : "", total(document, members[i]), members[i]);
	puts("");
	return 0;
}

/* ---- junit ---- */

static enum verify_verdict verdict_of(const struct ctl_args *args, const json_t *check)
{
	const char *name = ctl_json_text(check, "verdict");

	for (int v = 0; v < VERIFY_VERDICTS; v++)
		if (sp_str_eq(verify_verdict_name((enum verify_verdict)v), name))
			return v == VERIFY_WARN && ctl_flag_on(args, "strict")
				       ? VERIFY_FAIL
				       : (enum verify_verdict)v;
	return VERIFY_SKIP;
}

static void add_case(const struct ctl_args *args, const json_t *row, struct verify_report *r)
{
	autobuf struct sp_buf address = SP_BUF_INIT, name = SP_BUF_INIT;
	const char *resource = ctl_json_text(row, "resource");
	struct verify_subject subject = { .check = ctl_json_text(row, "area") };

	put_address(row, &address);
	sp_buf_printf(&name, "%s%s%s", ctl_json_text(row, "stack"), *resource ? " " : "", resource);
	subject.name = name.data;
	subject.address = address.data;
	verify_report_add(r, verdict_of(args, row), 0, &subject, "%s",
			  ctl_json_text(row, "message"));
}

static int print_junit(const struct ctl_args *args, const json_t *document,
		       struct wire_failure *fail)
{
	autojson json_t *rows = rows_of(document);
	autobuf struct sp_buf out = SP_BUF_INIT;
	struct verify_report r = { 0 };
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		add_case(args, row, &r);
	verify_report_junit(&r, "ctl validate", &out);
	if (r.no_memory)
		sp_fail_nomem(&fail->err);
	verify_report_fini(&r);
	if (fail->err.code || sp_buf_check(&out, &fail->err) < 0)
		return sp_err_return(&fail->err);
	fwrite(out.data, 1, out.len, stdout);
	return 0;
}

int validate_report(const struct ctl_args *args, const json_t *document, struct wire_failure *fail)
{
	int r;

	if (sp_str_eq(ctl_flag_str(args, "output"), "junit"))
		r = print_junit(args, document, fail);
	else if (ctl_wants_table(args))
		r = print_table(args, document, fail);
	else
		r = ctl_print_document(args, document, fail);
	if (r < 0)
		return r;
	return is_good(args, document) ? CTL_EXIT_OK : CTL_EXIT_INVALID;
}

/* ---- a file without a server ---- */

static json_t *check_of(const struct stack_diagnostic *d)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "area", "configuration", "verdict",
			 d->severity == STACK_ERROR ? "FAIL" : "WARN", "message", d->message,
			 "file", d->file, "line", (json_int_t)d->at.line, "column",
			 (json_int_t)d->at.column, "resource", d->key);
}

json_t *validate_of_source(const struct ctl_source *s)
{
	json_t *checks = json_array();
	size_t failed = s->report.errors, warned = s->report.warnings;

	for (size_t i = 0; i < s->report.n; i++)
		if (s->report.list[i].severity != STACK_NOTE)
			json_array_append_new(checks, check_of(&s->report.list[i]));
	if (!failed && !warned)
		json_array_append_new(checks,
				      json_pack("{s:s, s:s, s:s}", "area", "configuration",
						"verdict", "PASS", "message", "the file is valid"));
	return json_pack("{s:s, s:b, s:i, s:I, s:I, s:i, s:o}", "stack",
			 s->stack ? s->stack->name : "", "ok", !failed, "passed",
			 !failed && !warned, "warned", (json_int_t)warned, "failed",
			 (json_int_t)failed, "skipped", 0, "checks", checks);
}
