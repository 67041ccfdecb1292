/* The state and the outputs of a stack. A sensitive value is shown only to ?reveal=1. */
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/api/lock.h"
#include "control/stack/outputs.h"
#include "control/store/stack.h"
#include "control/store/state.h"

API_HANDLER(state_list)
{
	const char *stack = sp_httpd_param(a->req, "name");
	struct store_stack row;
	json_t *list = NULL;
	int r = store_stack_get(a->store, stack, &row, err);

	if (r == 0)
		r = store_state_list(a->store, stack, &list, err);
	return r < 0 ? r : api_reply_as(a, "state", list, err);
}

API_HANDLER(state_get)
{
	const char *stack = sp_httpd_param(a->req, "name"), *key = sp_httpd_param(a->req, "key");
	autostate struct store_state_value v = { 0 };
	struct store_stack row;
	bool shown;
	int r = store_stack_get(a->store, stack, &row, err);

	if (r == 0)
		r = store_state_get(a->store, stack, key, &v, err);
	if (r < 0)
		return r;
	shown = !v.sensitive || api_query_flag(a, "reveal");
	return api_reply(a, 200,
			 json_pack("{s:s, s:s?, s:I, s:b}", "key", key, "value",
				   shown ? v.value : NULL, "version", (json_int_t)v.version,
				   "sensitive", v.sensitive),
			 err);
}

struct change {
	struct store_state_change c;
	int64_t version;
};

static int change_state(struct api *a, int64_t token, void *state, struct sp_err *err)
{
	struct change *change = state;

	(void)token;
	return store_state_write(a->store, &change->c, &change->version, err);
}

/* Under the stack's lock, like every change. */
static int change(struct api *a, const char *value, bool sensitive, struct sp_err *err)
{
	char by[STORE_LEASE_NAME_MAX], what[STORE_LEASE_NAME_MAX];
	struct change change = { .c = { .stack = sp_httpd_param(a->req, "name"),
					.key = sp_httpd_param(a->req, "key"),
					.value = value,
					.sensitive = sensitive,
					.by = by } };
	struct store_stack row;
	int r = api_query_int(a, "version", 0, INT64_MAX, STORE_STATE_ANY, &change.c.expected, err);

	if (r == 0)
		r = store_stack_get(a->store, change.c.stack, &row, err);
	if (r < 0)
		return r;
	api_requester(a, by, sizeof(by));
	snprintf(what, sizeof(what), "state %s %.63s", value ? "set" : "rm", change.c.key);
	snprintf(a->at.resource, sizeof(a->at.resource), "%s", change.c.stack);
	r = lock_run(a, change.c.stack, what, change_state, &change, err);
	return r < 0 ? r
		     : api_reply(a, 200,
				 json_pack("{s:s, s:I, s:b}", "key", change.c.key, "version",
					   (json_int_t)change.version, "sensitive", sensitive),
				 err);
}

API_HANDLER(state_set)
{
	autojson json_t *body = NULL;
	const char *value;
	int r = api_body(a, &body, err);

	if (r < 0)
		return r;
	value = json_string_value(json_object_get(body, "value"));
	if (!value)
		return sp_fail(err, SP_E_INVALID, "the body needs a string \"value\"");
	return change(a, value, json_is_true(json_object_get(body, "sensitive")), err);
}

API_HANDLER(state_remove)
{
	return change(a, NULL, false, err);
}

API_HANDLER(outputs_list)
{
	json_t *list = NULL;
	int r = outputs_read(a->store, sp_httpd_param(a->req, "name"),
			     sp_httpd_query(a->req, "output"), api_query_flag(a, "reveal"), &list,
			     err);

	return r < 0 ? r : api_reply_as(a, "outputs", list, err);
}
