/* The report of `ctl verify`: what makes it good, and its forms for programs. */
#include "ctl/verify_report.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static const struct verify_subject subject = { .check = "node tcp",
					       .name = "work<er\"1",
					       .address = "10.0.0.1:7701" };

Test(verify_report, nothing_checked_proves_nothing)
{
	struct verify_report r = { 0 };

	cr_expect_not(verify_report_good(&r));
	verify_report_add(&r, VERIFY_WARN, 0, &subject, "w");
	cr_expect_not(verify_report_good(&r));
	verify_report_add(&r, VERIFY_PASS, 1500000, &subject, "%s", "");
	cr_expect(verify_report_good(&r));
	verify_report_fini(&r);
}

Test(verify_report, one_failure_or_one_skip_spoils_it)
{
	static const enum verify_verdict bad[] = { VERIFY_FAIL, VERIFY_SKIP };

	for (size_t i = 0; i < 2; i++) {
		struct verify_report r = { 0 };

		verify_report_add(&r, VERIFY_PASS, 0, &subject, "%s", "");
		verify_report_add(&r, bad[i], 0, &subject, "no");
		cr_expect_not(verify_report_good(&r));
		verify_report_fini(&r);
	}
}

Test(verify_report, json_counts_and_keeps_the_order)
{
	struct verify_report r = { 0 };
	autojson json_t *j = NULL;

	verify_report_add(&r, VERIFY_PASS, 7, &subject, "%s", "");
	verify_report_add(&r, VERIFY_FAIL, 0, &subject, "refused %d", 1);
	j = verify_report_json(&r);
	cr_assert_not_null(j);
	cr_expect(json_is_false(json_object_get(j, "ok")));
	cr_expect_eq(json_integer_value(json_object_get(j, "failed")), 1);
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_array_get(json_object_get(j, "checks"), 1), "message")),
			 "refused 1");
	verify_report_fini(&r);
}

Test(verify_report, what_failed_suggests_commands_each_once_and_in_order)
{
	struct verify_subject s = { .check = "workload", .name = "demo-db-1" };
	struct verify_report r = { 0 };

	s.next = "ctl ps";
	verify_report_add(&r, VERIFY_PASS, 0, &s, "%s", "");
	verify_report_add(&r, VERIFY_SKIP, 0, &s, "its agent is not ready");
	cr_expect_null(verify_report_next(&r, 0), "only a failure has something to suggest");
	s.next = "ctl start demo-db-1";
	verify_report_add(&r, VERIFY_FAIL, 0, &s, "it is stopped");
	s.next = NULL;
	verify_report_add(&r, VERIFY_FAIL, 0, &s, "closed");
	s.next = "ctl start demo-db-1";
	verify_report_add(&r, VERIFY_FAIL, 0, &s, "it is stopped");
	s.next = "ctl logs --tail 20 demo-api-1";
	verify_report_add(&r, VERIFY_FAIL, 0, &s, "it is not ready");
	cr_expect_str_eq(verify_report_next(&r, 0), "ctl start demo-db-1");
	cr_expect_str_eq(verify_report_next(&r, 1), "ctl logs --tail 20 demo-api-1");
	cr_expect_null(verify_report_next(&r, 2));
	verify_report_fini(&r);
}

Test(verify_report, junit_is_escaped_and_tells_each_verdict)
{
	autobuf struct sp_buf out = SP_BUF_INIT;
	struct verify_report r = { 0 };

	verify_report_add(&r, VERIFY_PASS, 1500000000, &subject, "%s", "");
	verify_report_add(&r, VERIFY_FAIL, 0, &subject, "a < b & \"c\"\033");
	verify_report_add(&r, VERIFY_SKIP, 0, &subject, "cause");
	verify_report_add(&r, VERIFY_WARN, 0, &subject, "hm");
	verify_report_add(&r, VERIFY_PASS, 0, &(struct verify_subject){ .name = "alone" }, "%s",
			  "");
	verify_report_junit(&r, "ctl verify", &out);
	cr_expect(strstr(out.data, "name=\"alone\">"), "%s", out.data);
	cr_expect(strstr(out.data, "tests=\"5\" failures=\"1\" skipped=\"1\""), "%s", out.data);
	cr_expect(strstr(out.data, "name=\"work&lt;er&quot;1 10.0.0.1:7701\" time=\"1.500000\""));
	cr_expect(strstr(out.data, "10.0.0.1:7701\"><failure"), "unmeasured: %s", out.data);
	cr_expect(strstr(out.data, "<failure message=\"a &lt; b &amp; &quot;c&quot; \"/>"));
	cr_expect(strstr(out.data, "<skipped message=\"cause\"/>"));
	cr_expect(strstr(out.data, "<system-out>WARN: hm</system-out>"));
	cr_expect_null(strchr(out.data, '\033'));
	verify_report_fini(&r);
}

Test(verify_report, counts_the_lines_about_one_stack)
{
	struct verify_report r = { 0 };
	size_t count[VERIFY_VERDICTS];

	verify_report_add(&r, VERIFY_FAIL, 0, &subject, "of a node");
	verify_report_add(&r, VERIFY_PASS, 0,
			  &(struct verify_subject){ "isolation", "a-web-1", "n", "a", NULL }, "%s",
			  "");
	verify_report_add(&r, VERIFY_SKIP, 0,
			  &(struct verify_subject){ "isolation", "b-web-1", "n", "b", NULL },
			  "away");
	verify_report_count(&r, "a", count);
	cr_expect_eq(count[VERIFY_PASS], 1);
	cr_expect_eq(count[VERIFY_FAIL] + count[VERIFY_SKIP] + count[VERIFY_WARN], 0);
	verify_report_count(&r, "b", count);
	cr_expect_eq(count[VERIFY_SKIP], 1);
	cr_expect_eq(count[VERIFY_PASS], 0);
	verify_report_fini(&r);
}
