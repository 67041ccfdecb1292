/* Events of locks: each has all that a reader needs to know the holder without the row. */
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/time.h"
#include "control/store/event.h"
#include "control/store/lease_impl.h"

static json_t *fields_of(const struct store_lease *l, const char *by, const char *reason)
{
	char expires[SP_TIME_STAMP_MAX];
	json_t *fields;

	sp_time_format(l->expires_at_ns, expires);
	fields =
		json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", l->id, "token",
			  (json_int_t)l->token, "kind", store_lease_kind_name(l->kind), "locked_by",
			  l->locked_by, "requested_by", l->requested_by, "host", l->host, "for",
			  l->operation, "reason", l->reason, "expires_at", expires);
	if (by) {
		json_object_set_new(fields, "severity", json_string("warning"));
		json_object_set_new(fields, "by", json_string(by));
	}
	if (reason)
		json_object_set_new(fields, "why", json_string(reason));
	return fields;
}

/* "deploy by operator:eva for ci, token 7: <reason>"; a lock that was taken away says by whom. */
static void message_of(const struct store_lease *l, const char *by, const char *reason,
		       struct sp_buf *ret)
{
	const char *why = reason ? reason : l->reason;

	if (*l->operation)
		sp_buf_printf(ret, "%s ", l->operation);
	sp_buf_printf(ret, "by %s", l->requested_by);
	if (*l->locked_by && strcmp(l->locked_by, l->requested_by) != 0)
		sp_buf_printf(ret, " for %s", l->locked_by);
	if (by)
		sp_buf_printf(ret, ", taken away by %s", by);
	sp_buf_printf(ret, ", token %lld", (long long)l->token);
	if (*why)
		sp_buf_printf(ret, ": %s", why);
}

int lease_tell(struct store *s, const char *type, const struct store_lease *l, const char *by,
	       const char *reason, struct sp_err *err)
{
	autojson json_t *fields = fields_of(l, by, reason);
	autobuf struct sp_buf message = SP_BUF_INIT;
	struct store_event event = {
		.type = type, .stack = l->stack, .operation = l->running, .fields = fields
	};

	message_of(l, by, reason, &message);
	event.message = message.data;
	return fields && message.data ? store_event_append(s, &event, err) : sp_fail_nomem(err);
}
