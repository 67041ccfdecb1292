/* Events by cursor; ?wait_ns= holds the request until there is one. And who is told of them. */
#include "base/json.h"
#include "base/time.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/api/hint.h"
#include "control/hooks/hooks.h"
#include "control/store/event.h"
#include "wire/event_type.h"

#define LIMIT_DEFAULT 100

struct query {
	struct store_event_filter filter;
	int64_t wait_ns;
};

static int read_query(struct api *a, struct query *q, struct sp_err *err)
{
	int r = api_query_int(a, "after", 0, INT64_MAX, 0, &q->filter.after, err);

	if (r == 0)
		r = api_query_int(a, "limit", 1, STORE_EVENTS_MAX, LIMIT_DEFAULT, &q->filter.limit,
				  err);
	if (r == 0)
		r = api_query_int(a, "wait_ns", 0, API_LONG_POLL_MAX_NS, 0, &q->wait_ns, err);
	if (r == 0 && sp_httpd_query(a->req, "type"))
		r = wire_event_type_check(sp_httpd_query(a->req, "type"), err);
	q->filter.stack = sp_httpd_query(a->req, "stack");
	q->filter.type = sp_httpd_query(a->req, "type");
	q->filter.operation = sp_httpd_query(a->req, "operation");
	return r;
}

/* A name that no event has and no stack is a slip; who waits may wait for a stack to come. */
static int check_stack(struct api *a, const struct query *q, struct sp_err *err)
{
	const struct store_event_filter any = { .stack = q->filter.stack, .limit = 1 };
	autojson json_t *list = NULL;
	int64_t next;
	int r;

	if (!any.stack || q->wait_ns || api_stack_is_known(a, any.stack))
		return 0;
	r = store_event_list(a->store, &any, &list, &next, err);
	if (r < 0 || json_array_size(list))
		return r;
	return sp_fail(err, SP_E_NOT_FOUND, "there is no stack '%s', and no event of it",
		       any.stack);
}

API_HANDLER(hooks_list)
{
	json_t *list = NULL;
	int r = hooks_view(a->control->hooks, a->store, &list, err);

	return r < 0 ? r : api_reply_as(a, "hooks", list, err);
}

API_HANDLER(events_list)
{
	struct query q = { 0 };
	int64_t deadline, next = 0;
	json_t *list = NULL;
	int r = read_query(a, &q, err);

	if (r < 0)
		return r;
	deadline = sp_time_mono_ns() + q.wait_ns;
	for (;;) {
		uint64_t mark = watch_mark(a->control->watch);

		r = store_event_list(a->store, &q.filter, &list, &next, err);
		if (r < 0)
			return r;
		if (json_array_size(list) || !q.wait_ns ||
		    !watch_wait(a->control->watch, mark, deadline))
			break;
		json_decref(list);
	}
	r = json_array_size(list) ? 0 : check_stack(a, &q, err);
	if (r < 0) {
		json_decref(list);
		return r;
	}
	return api_reply(a, 200, json_pack("{s:o, s:I}", "events", list, "next", (json_int_t)next),
			 err);
}
