/* Locks: list, show, acquire by hand, release, take away. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "control/api/handlers.h"
#include "control/api/lock.h"
#include "control/node/agents_ask.h"
#include "control/operation/lease_keeper.h"

#define TTL_MIN_NS (1 * SP_NS_PER_S)
#define TTL_MAX_NS (30 * INT64_C(86400) * SP_NS_PER_S)

API_HANDLER(locks_list)
{
	autoleases struct store_leases leases = { 0 };
	autojson json_t *list = json_array();
	int r = store_lease_list(a->store, &leases, err);

	for (size_t i = 0; r == 0 && i < leases.n; i++) {
		json_t *view = NULL;

		r = lock_view(a->store, &leases.list[i], &view, err);
		if (r == 0)
			json_array_append_new(list, view);
	}
	return r < 0 ? r : api_reply_as(a, "locks", take_ptr(list), err);
}

static int reply_lock(struct api *a, int status, const struct store_lease *l, struct sp_err *err)
{
	json_t *view = NULL;
	int r = lock_view(a->store, l, &view, err);

	return r < 0 ? r : api_reply(a, status, view, err);
}

API_HANDLER(locks_get)
{
	struct store_lease l;
	int r = store_lease_get(a->store, sp_httpd_param(a->req, "stack"), &l, err);

	return r < 0 ? r : reply_lock(a, 200, &l, err);
}

/* An optional text of the body that fits into room, NUL included. */
static int body_text(const json_t *body, const char *name, size_t room, const char **ret,
		     struct sp_err *err)
{
	const json_t *value = json_object_get(body, name);
	const char *text = json_string_value(value);

	if (value && !text)
		return sp_fail(err, SP_E_INVALID, "'%s' is not a string", name);
	if (text && strlen(text) >= room)
		return sp_fail(err, SP_E_TOO_LARGE, "'%s' has more than %zu bytes", name, room - 1);
	if (text)
		*ret = text;
	return 0;
}

static int body_ttl(const struct api *a, const json_t *body, int64_t *ret, struct sp_err *err)
{
	const json_t *value = json_object_get(body, "ttl_ns");

	*ret = value ? json_integer_value(value) : a->control->config.manual_lock_ttl_ns;
	if (value && !json_is_integer(value))
		return sp_fail(err, SP_E_INVALID, "'ttl_ns' is not a number");
	if (*ret < TTL_MIN_NS || *ret > TTL_MAX_NS)
		return sp_fail(err, SP_E_INVALID, "a lock by hand is held for 1s to 720h at most");
	return 0;
}

struct acquire {
	struct store_lease_request q;
	struct store_lease lease;
};

static int read_body(const struct api *a, const json_t *body, struct acquire *q, struct sp_err *err)
{
	int r = body_ttl(a, body, &q->q.ttl_ns, err);

	if (r == 0)
		r = body_text(body, "reason", STORE_LEASE_REASON_MAX, &q->q.reason, err);
	if (r == 0)
		r = body_text(body, "locked_by", STORE_LEASE_NAME_MAX, &q->q.locked_by, err);
	if (r == 0)
		r = body_text(body, "operation", STORE_LEASE_NAME_MAX, &q->q.operation, err);
	return r;
}

static int try_acquire(struct api *a, void *state, struct sp_err *err)
{
	struct acquire *q = state;
	int r = store_lease_acquire(a->store, &q->q, &q->lease, err);

	return r == STORE_LEASE_HELD && !q->q.queue ? store_lease_refuse(&q->lease, err) : r;
}

API_HANDLER(locks_acquire)
{
	const char *stack = sp_httpd_param(a->req, "stack");
	autojson json_t *body = NULL;
	struct acquire q = { 0 };
	struct lock_ask ask;
	int r = api_body(a, &body, err);

	if (r == 0 && !sp_id_valid(stack))
		return sp_fail(err, SP_E_INVALID, "'%.80s' is not a stack name", stack);
	if (r == 0)
		r = lock_ask_read(a, &ask, err);
	if (r < 0)
		return r;
	q.q = lock_request(a, &ask);
	q.q.stack = stack;
	q.q.kind = STORE_LEASE_MANUAL;
	q.q.runner = NULL;
	r = read_body(a, body, &q, err);
	if (r == 0)
		r = lock_wait(a, stack, &ask, try_acquire, &q, err);
	return r < 0 ? r : reply_lock(a, 201, &q.lease, err);
}

/* Who cannot release it is told who has it. */
static int refused(struct api *a, const char *stack, int r, struct sp_err *err)
{
	lock_explain(a->store, stack, &a->at);
	snprintf(a->at.next, sizeof(a->at.next), "ctl lock status %s", stack);
	sp_err_at(err, SP_STAGE_LOCK);
	return r;
}

API_HANDLER(locks_renew)
{
	const char *stack = sp_httpd_param(a->req, "stack");
	char requester[STORE_LEASE_NAME_MAX];
	struct store_lease_claim claim = { stack, sp_httpd_query(a->req, "id"), requester };
	autojson json_t *body = NULL;
	struct store_lease l = { 0 };
	int64_t ttl;
	int r = api_body(a, &body, err);

	if (r == 0 && sp_str_empty(claim.id))
		return sp_fail(err, SP_E_INVALID, "?id: which lock? it is needed to renew one");
	if (r == 0)
		r = body_ttl(a, body, &ttl, err);
	if (r < 0)
		return r;
	api_requester(a, requester, sizeof(requester));
	r = store_lease_extend(a->store, &claim, ttl, &l, err);
	return r < 0 ? refused(a, stack, r, err) : reply_lock(a, 200, &l, err);
}

API_HANDLER(locks_release)
{
	const char *stack = sp_httpd_param(a->req, "stack"), *id = sp_httpd_query(a->req, "id");
	char requester[STORE_LEASE_NAME_MAX];
	struct store_lease l;
	int r;

	if (sp_str_empty(id))
		return sp_fail(err, SP_E_INVALID, "?id: which lock? it is needed to release one");
	api_requester(a, requester, sizeof(requester));
	r = store_lease_release(a->store, stack, id, requester, err);
	if (r < 0)
		return refused(a, stack, r, err);
	r = store_lease_get(a->store, stack, &l, err);
	return r < 0 ? r : reply_lock(a, 200, &l, err);
}

static int need(const json_t *body, const char *name, size_t room, const char **ret,
		struct sp_err *err)
{
	int r = body_text(body, name, room, ret, err);

	if (r == 0 && sp_str_empty(*ret))
		return sp_fail(err, SP_E_INVALID, "'%s' is needed to take a lock away", name);
	return r;
}

API_HANDLER(locks_force)
{
	const char *stack = sp_httpd_param(a->req, "stack");
	struct store_lease_force f = { .stack = stack };
	autojson json_t *body = NULL;
	struct store_lease was = { 0 };
	struct lock_ask ask;
	char by[2 * STORE_LEASE_NAME_MAX + 4];
	int r = api_body(a, &body, err);

	if (r == 0)
		r = need(body, "id", STORE_LEASE_ID_MAX, &f.id, err);
	if (r == 0)
		r = need(body, "reason", STORE_LEASE_REASON_MAX, &f.reason, err);
	if (r == 0)
		r = lock_ask_read(a, &ask, err);
	if (r < 0)
		return r;
	snprintf(by, sizeof(by), "%s (%s)", ask.who, ask.requester);
	f.by = by;
	r = store_lease_force(a->store, &f, &was, err);
	if (r < 0)
		return refused(a, stack, r, err);
	sp_log(SP_LOG_WARN, "lock.forced", SP_STR("stack", stack), SP_STR("id", f.id),
	       SP_STR("held_by", was.locked_by), SP_STR("operation", was.running), SP_STR("by", by),
	       SP_STR("reason", f.reason));
	lease_keeper_kick(a->control->keeper);
	agents_fence(a->control, a->store, stack, was.token + 1);
	return reply_lock(a, 200, &was, err);
}
