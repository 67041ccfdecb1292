/* What ctl verify came to: reported by the one who ran it, and shown with the stack. */
#include <stdio.h>

#include "base/json.h"
#include "base/time.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/api/verification_view.h"

#define CHECKS_MAX 1000000

json_t *verification_view(const struct store_verification *v)
{
	char at[SP_TIME_STAMP_MAX];

	sp_time_format(v->at_ns, at);
	return json_pack("{s:I, s:b, s:I, s:I, s:I, s:I, s:s, s:s}", "revision",
			 (json_int_t)v->revision, "ok", v->ok, "passed", (json_int_t)v->passed,
			 "warned", (json_int_t)v->warned, "failed", (json_int_t)v->failed,
			 "skipped", (json_int_t)v->skipped, "by", v->verified_by, "at", at);
}

/* Whether it is good follows from the counts, as for ctl itself. */
static int read_body(json_t *body, struct store_verification *ret, struct sp_err *err)
{
	struct sp_json_reader r;

	sp_json_open(&r, body, "body", err);
	ret->revision = sp_json_need_int(&r, "revision", 1, INT64_MAX);
	ret->passed = sp_json_need_int(&r, "passed", 0, CHECKS_MAX);
	ret->failed = sp_json_need_int(&r, "failed", 0, CHECKS_MAX);
	ret->warned = sp_json_int(&r, "warned", 0, CHECKS_MAX, 0);
	ret->skipped = sp_json_int(&r, "skipped", 0, CHECKS_MAX, 0);
	ret->ok = ret->passed && !ret->failed && !ret->skipped;
	return sp_json_done(&r);
}

API_HANDLER(verifications_report)
{
	const char *stack = sp_httpd_param(a->req, "name");
	struct store_verification v = { 0 };
	autojson json_t *body = NULL;
	int r = api_body(a, &body, err);

	if (r == 0)
		r = read_body(body, &v, err);
	if (r < 0)
		return r;
	snprintf(v.stack, sizeof(v.stack), "%s", stack);
	snprintf(a->at.resource, sizeof(a->at.resource), "%s", stack);
	api_requester(a, v.verified_by, sizeof(v.verified_by));
	r = store_verification_put(a->store, &v, err);
	if (r == 0)
		r = store_verification_get(a->store, stack, &v, err);
	return r < 0 ? r : api_reply(a, 201, verification_view(&v), err);
}
