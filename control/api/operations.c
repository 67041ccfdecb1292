/* Operations; ?wait=1 holds the request until the operation has ended. */
#include <errno.h>
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/api/hint.h"
#include "control/store/operation.h"

#define LIMIT_DEFAULT   50
#define LIMIT_MAX       1000
#define WAIT_DEFAULT_NS (60 * SP_NS_PER_S)

API_HANDLER(operations_list)
{
	const char *stack = sp_httpd_query(a->req, "stack");
	autojson json_t *list = NULL;
	int64_t limit;
	int r = api_query_int(a, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT, &limit, err);

	if (r == 0)
		r = store_operation_views(a->store, stack, limit, &list, err);
	if (r == 0 && stack && !json_array_size(list) && !api_stack_is_known(a, stack))
		return sp_fail(err, SP_E_NOT_FOUND,
			       "there is no stack '%s', and no operation on it", stack);
	return r < 0 ? r : api_reply_as(a, "operations", take_ptr(list), err);
}

static bool runs(const json_t *operation)
{
	return sp_str_eq(json_string_value(json_object_get(operation, "state")), "running");
}

API_HANDLER(operations_get)
{
	bool wait = api_query_flag(a, "wait");
	json_t *operation = NULL;
	int64_t timeout, deadline;
	int r = api_query_int(a, "timeout_ns", 0, API_LONG_POLL_MAX_NS, WAIT_DEFAULT_NS, &timeout,
			      err);

	if (r < 0)
		return r;
	deadline = sp_time_mono_ns() + timeout;
	for (;;) {
		uint64_t mark = watch_mark(a->control->watch);

		r = store_operation_view(a->store, sp_httpd_param(a->req, "id"), &operation, err);
		if (r < 0)
			return r;
		if (!wait || !runs(operation) || !watch_wait(a->control->watch, mark, deadline))
			return api_reply(a, 200, operation, err);
		json_decref(operation);
	}
}

API_HANDLER(operations_cancel)
{
	const char *id = sp_httpd_param(a->req, "id");
	char who[STORE_LEASE_NAME_MAX];
	int r;

	api_requester(a, who, sizeof(who));
	r = store_operation_cancel(a->store, id, who, err);
	if (r < 0 && r != -ENOENT)
		snprintf(a->at.next, sizeof(a->at.next), "ctl op show %s", id);
	return r < 0 ? r : api_reply_accepted(a, id, err);
}
