/* See expiry.h. */
#include "control/deploy/expiry.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/ticker.h"
#include "base/time.h"
#include "control/control.h"
#include "control/deploy/destroy.h"
#include "control/deps/deps.h"
#include "control/operation/worker.h"
#include "control/store/expiry.h"
#include "control/store/operation.h"

#define ROUND_NS (1 * SP_NS_PER_S)
#define RETRY_NS (300 * SP_NS_PER_S) /* after a destroy that failed */
#define DUE_MAX  64                  /* in one round; more have their turn in the next */

struct expiry {
	struct control *control;
	struct sp_ticker *ticker;
};

struct asking {
	const char *stack;
	bool due;
};

/* In the transaction that begins the destroy: its time is still up, and nobody requires it. */
static int allow(struct store *s, void *state, struct sp_err *err)
{
	struct asking *a = state;
	int r;

	a->due = false;
	r = store_expiry_claim(s, a->stack, RETRY_NS, err);
	if (r < 0)
		return r;
	a->due = true;
	return deps_allow_destroy(s, a->stack, err);
}

/* Who holds the lock by hand; an operation is over soon and no reason to tell anybody. */
static int tell_locked(struct store *s, const char *stack, struct sp_err *err)
{
	struct store_lease l;
	char why[STORE_LEASE_NAME_MAX + STORE_LEASE_REASON_MAX + 64];
	int r = store_lease_get(s, stack, &l, err);

	if (r < 0 || !store_lease_is_held(&l) || l.kind != STORE_LEASE_MANUAL)
		return r;
	snprintf(why, sizeof(why), "its lock is held by %s%s%s", l.locked_by, *l.reason ? ": " : "",
		 l.reason);
	return store_expiry_waits(s, stack, why, err);
}

static int begin(struct expiry *x, struct store *s, const char *stack, struct sp_err *err)
{
	struct control *c = x->control;
	struct asking a = { .stack = stack };
	autofree char *request = NULL;
	struct store_operation_request q = { .kind = "destroy",
					     .stack = stack,
					     .requested_by = "system",
					     .allow = allow,
					     .allow_state = &a,
					     .lock = { .reason = "its lifetime is over (ttl)",
						       .runner = c->runner,
						       .ttl_ns = c->config.lock_ttl_ns } };
	struct sp_err why = { 0 };
	char id[STORE_NAME_MAX];
	int r = destroy_request(false, false, &request, err);

	if (r < 0)
		return r;
	q.request = request;
	r = store_operation_begin(s, &q, id, &why);
	if (r >= 0) {
		sp_log(SP_LOG_INFO, "stack.expired", SP_STR("stack", stack),
		       SP_STR("operation", id));
		return workers_queue(c->workers, id, err);
	}
	if (why.code == SP_E_LOCKED)
		return tell_locked(s, stack, err);
	if (why.code == SP_E_CONFLICT)
		return a.due ? store_expiry_waits(s, stack, why.message, err) : 0;
	*err = why;
	return r;
}

static int look(struct expiry *x, struct sp_ticker *t, struct store *s, struct sp_err *err)
{
	char due[DUE_MAX][STORE_NAME_MAX];
	size_t n;
	int r = store_expiry_due(s, due, DUE_MAX, &n, err);

	for (size_t i = 0; r >= 0 && i < n && !sp_ticker_stopping(t); i++) {
		struct sp_err why = { 0 };

		if (begin(x, s, due[i], &why) < 0) /* the others are not kept waiting for it */
			sp_log(SP_LOG_ERROR, "stack.expiry", SP_STR("stack", due[i]), SP_ERR(&why));
	}
	return r;
}

static int64_t go_round(struct sp_ticker *t, void *owner)
{
	struct expiry *x = owner;
	struct store *s = NULL;
	struct sp_err err = { 0 };
	int r = store_pool_take(x->control->stores, &s, &err);

	if (r == 0)
		r = look(x, t, s, &err);
	store_pool_give(x->control->stores, s);
	if (r < 0)
		sp_log(SP_LOG_ERROR, "stack.expiry", SP_ERR(&err));
	return ROUND_NS;
}

int expiry_new(struct control *c, struct expiry **ret, struct sp_err *err)
{
	struct expiry *x = calloc(1, sizeof(*x));
	const struct sp_ticker_conf conf = {
		.name = "expiry of stacks", .act = go_round, .owner = x, .first_ns = ROUND_NS
	};
	int r;

	if (!x)
		return sp_fail_nomem(err);
	x->control = c;
	r = sp_ticker_new(&conf, &x->ticker, err);
	if (r < 0)
		free(x);
	else
		*ret = x;
	return r;
}

void expiry_free(struct expiry *x)
{
	if (!x)
		return;
	sp_ticker_free(x->ticker);
	free(x);
}
