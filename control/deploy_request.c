/* Requests of deploys; see deploy_request.h. */
#include "control/deploy_request.h"

#include <string.h>

#include "base/json.h"

void deploy_request_fini(struct deploy_request *q)
{
	if (q->bundle)
		explicit_bzero(q->bundle, strlen(q->bundle));
	free(q->bundle);
	*q = (struct deploy_request){ 0 };
}

int deploy_request_read(const char *request, struct deploy_request *ret, struct sp_err *err)
{
	struct deploy_request q = { 0 };
	autojson json_t *json = NULL;
	json_t *plan;
	int r = sp_json_parse(request, strlen(request), &json, err);

	if (r < 0)
		return r;
	plan = json_object_get(json, "plan");
	q.planned = plan != NULL;
	if (plan)
		r = plan_pins_decode(plan, &q.pins, err);
	if (r < 0)
		return r;
	json_object_del(json, "plan");
	q.bundle = sp_json_canonical(json);
	if (!q.bundle)
		return sp_fail_nomem(err);
	*ret = q;
	return 0;
}
