/* Plans: what a deploy would do; and what deploys have done. */
#include "base/json.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/deploy/dry_run.h"
#include "control/stack/revision_diff.h"

API_HANDLER(plans_make)
{
	autojson json_t *body = NULL;
	autofree char *request = NULL;
	json_t *plan = NULL;
	int r = api_body(a, &body, err);

	if (r < 0)
		return r;
	request = sp_json_canonical(body);
	if (!request)
		return sp_fail_nomem(err);
	r = dry_run(a->control, a->store, &(struct dry_run_request){ .request = request }, &a->at,
		    &plan, err);
	if (r < 0) {
		sp_err_at(err, SP_STAGE_PLAN);
		return r;
	}
	return api_reply(a, 200, plan, err);
}

API_HANDLER(stacks_diff)
{
	int64_t from, to;
	json_t *diff = NULL;
	int r = api_query_int(a, "from", 1, INT64_MAX, 0, &from, err);

	if (r == 0)
		r = api_query_int(a, "to", 1, INT64_MAX, 0, &to, err);
	if (r == 0)
		r = revision_diff(a->store, sp_httpd_param(a->req, "name"), from, to, &diff, err);
	return r < 0 ? r : api_reply(a, 200, diff, err);
}
