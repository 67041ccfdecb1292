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
#include "control/drift/resource.h"
#include "control/operation/operation.h"
#include "control/store/drift.h"

#define RESOURCE_MAX (STORE_NAME_MAX + DRIFT_FIELD_MAX + 16)

static const char *stack_of(struct api *a)
{
	const char *name = sp_httpd_param(a->req, "name");

	snprintf(a->at.resource, sizeof(a->at.resource), "%s", name);
	return name;
}

/* Takes report. What ?resource= names has to be there: that it has no difference would say nothing
 * of what is not. */
static int reply(struct api *a, const char *stack, json_t *report, struct sp_err *err)
{
	autojson json_t *owned = report;
	int r = drift_resource_find(a->store, stack, report, sp_httpd_query(a->req, "resource"),
				    err);

	return r < 0 ? r : api_reply(a, 200, json_incref(owned), err);
}

API_HANDLER(drift_look)
{
	const char *stack = stack_of(a);
	struct drift_report report = { 0 };
	json_t *json;
	int r = drift_detect(a->control, a->store, stack, NULL, &report, err);

	if (r < 0)
		return r;
	json = json_incref(report.json);
	drift_report_fini(&report);
	return reply(a, stack, json, err);
}

API_HANDLER(drift_show)
{
	const char *stack = stack_of(a);
	json_t *report = NULL;
	struct store_stack row;
	int r = store_stack_get(a->store, stack, &row, err);

	if (r == 0)
		r = store_drift_get(a->store, stack, &report, err);

	return r < 0 ? r : reply(a, stack, report, err);
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
	r = drift_resource_look(a->control, a->store, stack, resource, err);
	if (r == 0)
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
