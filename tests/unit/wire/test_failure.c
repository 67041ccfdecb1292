/* Failures: the whole address survives the wire, and a bad one is still told. */
#include "wire/failure.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

Test(failure, the_whole_address_survives_the_wire)
{
	struct wire_failure f, back;
	struct sp_err err = { 0 };
	autojson json_t *json = NULL;

	sp_fail(&err, SP_E_UNHEALTHY, "probe '%s' gave 503", "/ready");
	sp_err_at(&err, SP_STAGE_PROBE);
	wire_failure_init(&f, &err, "agentd");
	snprintf(f.node, sizeof(f.node), "%s", "worker1");
	snprintf(f.resource, sizeof(f.resource), "%s", "demo-api-1");
	snprintf(f.step, sizeof(f.step), "%s", "start");
	snprintf(f.evidence, sizeof(f.evidence), "%s", "line one\nline two\n");
	snprintf(f.next, sizeof(f.next), "%s", "ctl logs demo-api-1");
	f.attempt = 2;
	f.attempts = 5;
	json = wire_failure_encode(&f);
	cr_assert_not_null(json);
	cr_expect(json_is_true(json_object_get(json, "retryable")));
	wire_failure_decode(json, &back);
	cr_expect_eq(back.err.code, SP_E_UNHEALTHY);
	cr_expect_eq(back.err.stage, SP_STAGE_PROBE);
	cr_expect_str_eq(back.err.message, "probe '/ready' gave 503");
	cr_expect_str_eq(back.component, "agentd");
	cr_expect_str_eq(back.node, "worker1");
	cr_expect_str_eq(back.resource, "demo-api-1");
	cr_expect_str_eq(back.step, "start");
	cr_expect_str_eq(back.evidence, "line one\nline two\n");
	cr_expect_str_eq(back.next, "ctl logs demo-api-1");
	cr_expect_eq(back.attempt, 2);
	cr_expect_eq(back.attempts, 5);
}

Test(failure, what_does_not_apply_is_absent)
{
	struct wire_failure f;
	struct sp_err err = { .code = SP_E_INVALID, .message = "no" };
	autojson json_t *json = NULL;

	wire_failure_init(&f, &err, "ctl");
	json = wire_failure_encode(&f);
	cr_expect_eq(json_object_size(json), 5, "code, stage, message, retryable, component");
}

Test(failure, a_malformed_object_still_reads_as_a_failure)
{
	static const char *const bad[] = { "{}", "[]", "{\"code\": 7, \"attempt\": -3}",
					   "{\"code\": \"ok\", \"stage\": \"moon\"}" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		autojson json_t *json = json_loads(bad[i], 0, NULL);
		struct wire_failure f;

		wire_failure_decode(json, &f);
		cr_expect_eq(f.err.code, SP_E_INTERNAL, "%s", bad[i]);
		cr_expect_eq(f.attempt, 0);
	}
}

Test(failure, bytes_that_are_not_utf8_are_shown_not_dropped)
{
	struct wire_failure f;
	struct sp_err err = { .code = SP_E_INVALID, .message = "bad \xff" };
	autojson json_t *json = NULL;

	wire_failure_init(&f, &err, "agentd");
	memcpy(f.evidence, "a\xc3z", 4);
	json = wire_failure_encode(&f);
	cr_assert_not_null(json);
	cr_expect_str_eq(json_string_value(json_object_get(json, "message")), "bad ?");
	cr_expect_str_eq(json_string_value(json_object_get(json, "evidence")), "a?z");
}
