/* Requests of deploys; see request.h. */
#include "control/deploy/request.h"

#include <string.h>

#include "base/json.h"
#include "control/snapshot/snapshot.h"

void deploy_request_fini(struct deploy_request *q)
{
	if (q->bundle)
		explicit_bzero(q->bundle, strlen(q->bundle));
	free(q->bundle);
	json_decref(q->was);
	json_decref(q->was_tasks);
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
	q.snapshot = json_integer_value(json_object_get(json, "snapshot"));
	if (q.snapshot) {
		*ret = q;
		return 0;
	}
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

int deploy_request_fetch(struct deploy_request *q, struct store *s, const char *stack,
			 struct sp_err *err)
{
	autowholesnapshot struct snapshot n = { 0 };
	int r = q->snapshot ? snapshot_open(s, stack, q->snapshot, &n, err) : 0;

	if (r < 0 || !q->snapshot)
		return r;
	q->bundle = take_ptr(n.bundle);
	q->was = take_ptr(n.workloads);
	q->was_tasks = take_ptr(n.tasks);
	return 0;
}
