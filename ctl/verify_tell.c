/* See verify_tell.h. */
#include "ctl/verify_tell.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "ctl/output.h"
#include "ctl/url.h"

static int tell_one(struct verify *v, const json_t *stack, const size_t count[VERIFY_VERDICTS],
		    struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *body = json_pack(
		"{s:O?, s:I, s:I, s:I, s:I}", "revision", json_object_get(stack, "revision"),
		"passed", (json_int_t)count[VERIFY_PASS], "warned", (json_int_t)count[VERIFY_WARN],
		"failed", (json_int_t)count[VERIFY_FAIL], "skipped",
		(json_int_t)count[VERIFY_SKIP]);

	sp_buf_puts(&url, "/v1/stacks/");
	ctl_url_put(&url, ctl_json_text(stack, "name"));
	sp_buf_puts(&url, "/verifications");
	return ctl_call(v->ctl, "POST", url.data, body, NULL, fail);
}

/* Of a stack that never ran there is nothing to keep. */
static bool is_worth_telling(const json_t *stack, const size_t count[VERIFY_VERDICTS])
{
	return json_integer_value(json_object_get(stack, "revision")) > 0 &&
	       count[VERIFY_PASS] + count[VERIFY_FAIL] + count[VERIFY_SKIP] > 0;
}

void verify_tell(struct verify *v)
{
	json_t *stack;
	size_t i;

	json_array_foreach (json_object_get(v->stacks_json, "stacks"), i, stack) {
		const char *name = ctl_json_text(stack, "name");
		size_t count[VERIFY_VERDICTS];
		struct wire_failure fail = { 0 };

		verify_report_count(&v->report, name, count);
		if (is_worth_telling(stack, count) && tell_one(v, stack, count, &fail) < 0)
			fprintf(stderr, "warning: the result is not kept for stack '%s': %s\n",
				name, fail.err.message);
	}
}
