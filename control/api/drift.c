/* Drift: look now, what was found last, put right. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/api/lock.h"
#include "control/drift/detect.h"
#include "control/drift/fix.h"
#include "control/operation/operation.h"
#include "control/store/drift.h"

#define RESOURCE_MAX (STORE_NAME_MAX + DRIFT_FIELD_MAX + 16)

static const char *stack_of(struct api *a)
{
	const char *name = sp_httpd_param(a->req, "name");

	snprintf(a->at.resource, sizeof(a->at.resource), "%s", name);
	return name;
}

API_HANDLER(drift_look)
{
	struct drift_report report = { 0 };
	json_t *json;
	int r = drift_detect(a->control, a->store, stack_of(a), NULL, &report, err);

	if (r < 0)
		return r;
	json = json_incref(report.json);
	drift_report_fini(&report);
	return api_reply(a, 200, json, err);
}

API_HANDLER(drift_show)
{
	const char *stack = stack_of(a);
	json_t *report = NULL;
	struct store_stack row;
	int r = store_stack_get(a->store, stack, &row, err);

	if (r == 0)
		r = store_drift_get(a->store, stack, &report, err);

	return r < 0 ? r : api_reply(a, 200, report, err);
}

API_HANDLER(drift_mend)
{
	const char *stack = stack_of(a), *resource;
	autojson json_t *body = NULL;
	autofree char *request = NULL;
	struct store_stack row;
	int r = store_stack_get(a->store, stack, &row, err);

	if (r == 0)
		r = api_body(a, &body, err);
	if (r < 0)
		return r;
	resource = json_string_value(json_object_get(body, "resource"));
	if (resource && strlen(resource) > RESOURCE_MAX)
		return sp_fail(err, SP_E_INVALID, "resource: '%.40s...' is too long", resource);
	r = drift_fix_request(resource, &request, err);
	if (r < 0)
		return r;
	return api_begin(a,
			 &(struct api_begin){ .kind = OPERATION_DRIFT_FIX,
					      .stack = stack,
					      .request = request,
					      .heedless = lock_is_heedless(a->store, stack) },
			 err);
}
