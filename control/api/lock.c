/* Requests and the lock; see lock.h. */
#include "control/api/lock.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "control/stack/revision.h"
#include "control/store/waiter.h"

#define KEY_BYTES   8
#define FROM_HEADER "Stackpilot-From"

/* What cannot be told again is not kept. */
static int check_text(const char *what, const char *text, size_t room, struct sp_err *err)
{
	autojson json_t *told = text ? json_string(text) : NULL;

	if (text && !told)
		return sp_fail(err, SP_E_INVALID, "%s is not UTF-8", what);
	if (text && strlen(text) >= room)
		return sp_fail(err, SP_E_TOO_LARGE, "%s has at most %zu bytes", what, room - 1);
	return 0;
}

/* "ann@laptop": whoever says nothing is known by the connection alone. */
static int read_from(struct api *a, struct lock_ask *ask, struct sp_err *err)
{
	const char *from = sp_httpd_header(a->req, FROM_HEADER);
	const char *at = from ? strrchr(from, '@') : NULL;
	int r = check_text(FROM_HEADER, from, sizeof(ask->who), err);

	if (r < 0)
		return r;
	snprintf(ask->who, sizeof(ask->who), "%s", sp_str_empty(from) ? ask->requester : from);
	if (!at)
		return 0;
	snprintf(ask->host, sizeof(ask->host), "%s", at + 1);
	ask->who[at - from] = '\0';
	return 0;
}

static int read_key(struct api *a, struct lock_ask *ask, struct sp_err *err)
{
	const char *key = sp_httpd_header(a->req, "Idempotency-Key");

	if (!key)
		return sp_random_hex(ask->key, KEY_BYTES, err);
	if (!*key || strlen(key) >= sizeof(ask->key))
		return sp_fail(err, SP_E_INVALID, "an Idempotency-Key has 1 to %zu characters",
			       sizeof(ask->key) - 1);
	snprintf(ask->key, sizeof(ask->key), "%s", key);
	return check_text("an Idempotency-Key", key, sizeof(ask->key), err);
}

int lock_ask_read(struct api *a, struct lock_ask *ret, struct sp_err *err)
{
	int r = api_query_int(a, "wait_ns", 0, LOCK_WAIT_MAX_NS, 0, &ret->wait_ns, err);

	if (r < 0)
		return r;
	api_requester(a, ret->requester, sizeof(ret->requester));
	ret->host[0] = '\0';
	ret->under = sp_httpd_query(a->req, "lock");
	ret->reason = sp_httpd_query(a->req, "reason");
	r = read_from(a, ret, err);
	if (r == 0)
		r = check_text("a reason", ret->reason, STORE_LEASE_REASON_MAX, err);
	return r < 0 ? r : read_key(a, ret, err);
}

struct store_lease_request lock_request(const struct api *a, const struct lock_ask *ask)
{
	return (struct store_lease_request){ .key = ask->key,
					     .locked_by = ask->who,
					     .requested_by = ask->requester,
					     .host = ask->host,
					     .reason = ask->reason,
					     .under = ask->under,
					     .queue = ask->wait_ns > 0,
					     .runner = a->control->runner,
					     .ttl_ns = a->control->config.lock_ttl_ns };
}

/* Not granted, and not queued any more: why. */
static int refuse(struct api *a, const char *stack, const struct lock_ask *ask, struct sp_err *err)
{
	struct store_lease l;
	char waited[SP_DURATION_MAX];
	int r = store_waiter_leave(a->store, stack, ask->key, err);

	if (r == 0)
		r = store_lease_get(a->store, stack, &l, err);
	if (r < 0)
		return r;
	store_lease_refuse(&l, err);
	sp_duration_format(ask->wait_ns, waited);
	return sp_err_prefix(err, "waited %s", waited);
}

/* Sleep until something was committed here, or could have been elsewhere. */
static bool nap(struct api *a, uint64_t mark, int64_t deadline)
{
	int64_t now = sp_time_mono_ns(), until = now + a->control->config.lock_poll_ns;

	if (now >= deadline || sp_httpd_gone(a->req) || watch_stopped(a->control->watch))
		return false;
	watch_wait(a->control->watch, mark, until < deadline ? until : deadline);
	return true;
}

/* 1: it is worth a try: the lock is free and it is this one's turn, or it is time to show that one
 * still waits. Only reads. */
static int worth_a_try(struct api *a, const char *stack, const struct lock_ask *ask,
		       int64_t *shown_ns, struct sp_err *err)
{
	struct store_waiter first;
	struct store_lease l;
	int64_t now = sp_time_mono_ns();
	int r = store_lease_get(a->store, stack, &l, err);

	if (r < 0)
		return r;
	if (now - *shown_ns > STORE_WAITER_TTL_NS / 3) {
		*shown_ns = now;
		return 1;
	}
	if (store_lease_is_held(&l) && (!ask->under || *l.running || l.kind != STORE_LEASE_MANUAL))
		return 0;
	r = store_waiter_first(a->store, stack, &first, err);
	return r < 0 ? r : r == 0 || !strcmp(first.key, ask->key);
}

int lock_wait(struct api *a, const char *stack, const struct lock_ask *ask, lock_try_fn fn,
	      void *state, struct sp_err *err)
{
	int64_t shown = sp_time_mono_ns(), deadline = shown + ask->wait_ns;
	uint64_t mark = watch_mark(a->control->watch);
	int r = fn(a, state, err);

	while (r == 1) {
		if (!nap(a, mark, deadline)) {
			r = refuse(a, stack, ask, err);
			break;
		}
		mark = watch_mark(a->control->watch);
		r = worth_a_try(a, stack, ask, &shown, err);
		r = r == 1 ? fn(a, state, err) : r < 0 ? r : 1;
	}
	if (r < 0 && err->code == SP_E_LOCKED)
		lock_explain(a->store, stack, &a->at);
	if (r < 0 && (err->code == SP_E_LOCKED || err->code == SP_E_CONFLICT))
		sp_err_at(err, SP_STAGE_LOCK);
	return r;
}

struct command {
	struct store_lease_request q;
	struct store_lease lease;
};

static int try_command(struct api *a, void *state, struct sp_err *err)
{
	struct command *c = state;
	int r = store_lease_acquire(a->store, &c->q, &c->lease, err);

	return r == STORE_LEASE_HELD && !c->q.queue ? store_lease_refuse(&c->lease, err) : r;
}

/* Its own lease is given back; a manual one it ran under stays. */
static void give_back(struct api *a, const struct command *c)
{
	struct sp_err err;

	if (c->lease.kind == STORE_LEASE_OPERATION &&
	    store_lease_release(a->store, c->lease.stack, c->lease.id, c->lease.requested_by,
				&err) < 0)
		sp_log(SP_LOG_WARN, "lock.release", SP_STR("stack", c->lease.stack), SP_ERR(&err));
}

bool lock_is_heedless(struct store *s, const char *stack)
{
	autorevision struct revision rev = { 0 };
	struct store_stack row;

	return store_stack_get(s, stack, &row, NULL) == 0 && row.revision &&
	       revision_read(s, stack, row.revision, &rev, NULL) == 0 &&
	       !rev.stack->policy.require_lock;
}

int lock_run(struct api *a, const char *stack, const char *what, lock_fn fn, void *state,
	     struct sp_err *err)
{
	struct command c = { 0 };
	struct lock_ask ask;
	int r = lock_ask_read(a, &ask, err);

	if (r < 0)
		return r;
	c.q = lock_request(a, &ask);
	c.q.stack = stack;
	c.q.kind = STORE_LEASE_OPERATION;
	c.q.operation = what;
	c.q.ttl_ns = a->control->config.lock_ttl_ns;
	c.q.heedless = lock_is_heedless(a->store, stack);
	r = lock_wait(a, stack, &ask, try_command, &c, err);
	if (r < 0)
		return r;
	store_lease_guard(a->store, &c.lease);
	r = fn(a, c.lease.token, state, err);
	store_guard(a->store, NULL, NULL);
	give_back(a, &c);
	return r;
}
