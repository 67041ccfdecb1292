/* Plans: what a deploy would do. */
#include "base/json.h"
#include "control/api.h"
#include "control/api_handlers.h"
#include "control/dry_run.h"

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
	r = dry_run(a->control, a->store, request, &a->at, &plan, err);
	if (r < 0) {
		sp_err_at(err, SP_STAGE_PLAN);
		return r;
	}
	return api_reply(a, 200, plan, err);
}
