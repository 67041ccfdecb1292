/* The report: order, counts, text and JSON. */
#include "stackfile/report.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static void add(struct stack_report *r, enum stack_severity severity, uint32_t line,
		const char *suggestion)
{
	struct stack_finding f = { .severity = severity,
				   .code = STACK_CODE_TYPE,
				   .file = "s.yaml",
				   .at = { line, 2 },
				   .key = "a.b",
				   .suggestion = suggestion };

	stack_report_add(r, &f, "a.b is %s", "wrong");
}

Test(report, an_empty_one_is_a_success)
{
	struct stack_report r = { 0 };
	struct sp_err err = { 0 };

	cr_expect_eq(stack_report_result(&r, &err), 0);
	stack_report_fini(&r);
	stack_report_fini(&r);
}

Test(report, warnings_alone_are_a_success)
{
	struct stack_report r = { 0 };

	add(&r, STACK_WARNING, 1, NULL);
	add(&r, STACK_NOTE, 1, NULL);
	cr_expect_eq(stack_report_result(&r, NULL), 0);
	cr_expect_eq(r.warnings, 1);
	stack_report_fini(&r);
}

Test(report, the_first_error_of_the_file_is_told_with_how_many_follow)
{
	struct stack_report r = { 0 };
	struct sp_err err = { 0 };

	add(&r, STACK_ERROR, 9, NULL);
	add(&r, STACK_WARNING, 1, NULL);
	add(&r, STACK_ERROR, 3, "did you mean 'c'?");
	cr_expect_eq(stack_report_result(&r, &err), -EINVAL);
	cr_expect_str_eq(err.message,
			 "s.yaml:3:2: error: a.b is wrong (did you mean 'c'?), and 1 more");
	cr_expect_eq(r.list[0].at.line, 1);
	cr_expect_eq(r.list[2].at.line, 9);
	stack_report_fini(&r);
}

Test(report, goes_out_as_json)
{
	struct stack_report r = { 0 };
	json_t *json, *first;

	add(&r, STACK_ERROR, 3, "hint");
	add(&r, STACK_WARNING, 4, NULL);
	json = stack_report_encode(&r);
	cr_assert_eq(json_array_size(json), 2);
	first = json_array_get(json, 0);
	cr_expect_str_eq(json_string_value(json_object_get(first, "severity")), "error");
	cr_expect_str_eq(json_string_value(json_object_get(first, "code")), "type");
	cr_expect_str_eq(json_string_value(json_object_get(first, "file")), "s.yaml");
	cr_expect_eq(json_integer_value(json_object_get(first, "line")), 3);
	cr_expect_eq(json_integer_value(json_object_get(first, "column")), 2);
	cr_expect_str_eq(json_string_value(json_object_get(first, "key")), "a.b");
	cr_expect_str_eq(json_string_value(json_object_get(first, "message")), "a.b is wrong");
	cr_expect_str_eq(json_string_value(json_object_get(first, "suggestion")), "hint");
	cr_expect_null(json_object_get(json_array_get(json, 1), "suggestion"));
	json_decref(json);
	stack_report_fini(&r);
}
