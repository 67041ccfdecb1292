/* Stacks: list, show, deploy, destroy. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/api.h"
#include "control/api_handlers.h"
#include "control/deploy_request.h"
#include "control/desired.h"
#include "control/stack_view.h"
#include "control/statuses.h"
#include "control/store_operation.h"
#include "control/worker.h"

#define KEY_MAX       128 /* bytes of an Idempotency-Key */
#define REQUESTER_MAX 160

API_HANDLER(stacks_list)
{
	autostacks struct store_stacks stacks = { 0 };
	autojson json_t *list = json_array(), *statuses = NULL, *away = NULL;
	int r = store_stack_list(a->store, &stacks, err);

	if (r == 0)
		r = statuses_read(a->control, a->store, NULL, &statuses, &away, err);
	for (size_t i = 0; r == 0 && i < stacks.n; i++) {
		json_t *view = NULL;

		r = stack_view(a->store, &stacks.list[i], statuses, &view, err);
		if (r == 0)
			json_array_append_new(list, view);
	}
	return r < 0 ? r : api_reply_as(a, "stacks", take_ptr(list), err);
}

API_HANDLER(stacks_get)
{
	const char *name = sp_httpd_param(a->req, "name");
	autojson json_t *statuses = NULL, *away = NULL;
	struct store_stack stack;
	json_t *view = NULL;
	int r = store_stack_get(a->store, name, &stack, err);

	if (r == 0)
		r = statuses_read(a->control, a->store, name, &statuses, &away, err);
	if (r == 0)
		r = stack_view(a->store, &stack, statuses, &view, err);
	return r < 0 ? r : api_reply(a, 200, view, err);
}

/* Begin it in the store, and queue it unless it was begun before. */
static int begin(struct api *a, const char *kind, const char *stack, const char *request,
		 struct sp_err *err)
{
	char requester[REQUESTER_MAX], id[STORE_NAME_MAX];
	struct store_operation_request q = { .kind = kind,
					     .stack = stack,
					     .requested_by = requester,
					     .idempotency_key =
						     sp_httpd_header(a->req, "Idempotency-Key"),
					     .request = request };
	int r;

	if (q.idempotency_key && (!*q.idempotency_key || strlen(q.idempotency_key) > KEY_MAX))
		return sp_fail(err, SP_E_INVALID, "an Idempotency-Key has 1 to %d characters",
			       KEY_MAX);
	api_requester(a, requester, sizeof(requester));
	snprintf(a->at.resource, sizeof(a->at.resource), "%s", stack);
	r = store_operation_begin(a->store, &q, id, err);
	if (r < 0) {
		snprintf(a->at.next, sizeof(a->at.next), "ctl op ls --stack %s", stack);
		sp_err_at(err, SP_STAGE_LOCK);
		return r;
	}
	if (r == 0)
		r = workers_queue(a->control->workers, id, err);
	return r < 0 ? r : api_reply_accepted(a, id, err);
}

/* The file is read here once already: a bad one is refused before anything is recorded. */
API_HANDLER(stacks_deploy)
{
	autojson json_t *body = NULL;
	autofree char *request = NULL;
	struct deploy_request q = { 0 };
	struct desired d = { 0 };
	int r = api_body(a, &body, err);

	if (r < 0)
		return r;
	request = sp_json_canonical(body);
	if (!request)
		return sp_fail_nomem(err);
	r = deploy_request_read(request, &q, err);
	if (r == 0)
		r = desired_read(q.bundle, &d, err);
	if (r == 0)
		r = begin(a, "deploy", d.stack->name, request, err);
	else
		snprintf(a->at.next, sizeof(a->at.next), "ctl validate FILE");
	desired_fini(&d);
	deploy_request_fini(&q);
	return r;
}

API_HANDLER(stacks_destroy)
{
	const char *name = sp_httpd_param(a->req, "name");
	bool volumes = api_query_flag(a, "volumes");
	struct store_stack stack;
	int r = store_stack_get(a->store, name, &stack, err);

	if (r < 0)
		return r;
	return begin(a, "destroy", name, volumes ? "{\"volumes\": true}" : "{\"volumes\": false}",
		     err);
}
