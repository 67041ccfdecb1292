/* Taking a stack's lock and giving it back; see lease.h. */
#include "control/store/lease.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "control/store/lease_impl.h"
#include "control/store/waiter.h"

struct acquire {
	const struct store_lease_request *q;
	struct store_lease *ret;
};

static void fill(char *field, size_t room, const char *value)
{
	snprintf(field, room, "%s", value ? value : "");
}

/* The operation that will run under the lease, and the controld that runs it. */
static void set_running(struct store_lease *l, const struct store_lease_request *q)
{
	if (!q->running)
		return;
	fill(l->running, sizeof(l->running), q->running);
	fill(l->runner, sizeof(l->runner), q->runner);
	l->runner_until_ns = l->now_ns + q->ttl_ns;
}

int lease_bury(struct store *s, struct store_lease *l, struct sp_err *err)
{
	int r = *l->id ? lease_tell(s, "lock.expired", l, NULL, NULL, err) : 0;

	if (r == 0)
		lease_clear(l);
	return r;
}

static int grant(struct store *s, const struct acquire *a, struct sp_err *err)
{
	const struct store_lease_request *q = a->q;
	struct store_lease *l = a->ret;
	int r = lease_bury(s, l, err);

	if (r < 0)
		return r;
	l->kind = q->kind;
	l->ttl_ns = q->ttl_ns;
	fill(l->locked_by, sizeof(l->locked_by), q->locked_by);
	fill(l->requested_by, sizeof(l->requested_by), q->requested_by);
	fill(l->host, sizeof(l->host), q->host);
	fill(l->operation, sizeof(l->operation), q->operation);
	fill(l->reason, sizeof(l->reason), q->reason);
	fill(l->key, sizeof(l->key), q->key);
	set_running(l, q);
	r = lease_renew_identity(l, err);
	if (r == 0)
		r = lease_put(s, l, err);
	if (r == 0 && q->key)
		r = store_waiter_leave(s, q->stack, q->key, err);
	return r < 0 ? r : lease_tell(s, "lock.acquired", l, NULL, NULL, err);
}

/* Run under a manual lock: its holder stays, the token grows. */
static int join(struct store *s, const struct acquire *a, struct sp_err *err)
{
	struct store_lease *l = a->ret;
	int r;

	l->token++;
	set_running(l, a->q);
	r = lease_put(s, l, err);
	if (r == 0 && a->q->key)
		r = store_waiter_leave(s, a->q->stack, a->q->key, err);
	if (r == 0)
		r = lease_tell(s, "lock.joined", l, NULL, NULL, err);
	return r < 0 ? r : STORE_LEASE_GRANTED;
}

static int refuse_under(const struct store_lease *l, const char *under, struct sp_err *err)
{
	if (!store_lease_is_held(l))
		return sp_fail(
			err, SP_E_CONFLICT,
			"stack '%s' is not locked: lock '%s' was released, or its time was up",
			l->stack, under);
	return sp_fail(err, SP_E_CONFLICT, "the lock of stack '%s' is '%s' of %s, not '%s'",
		       l->stack, l->id, l->locked_by, under);
}

/* 1: the lease may be joined. */
static int may_join(const struct store_lease *l, const struct store_lease_request *q,
		    struct sp_err *err)
{
	bool held = store_lease_is_held(l);

	if (q->under && (!held || (strcmp(q->under, l->id) != 0 && !*l->running)))
		return refuse_under(l, q->under, err);
	return held && l->kind == STORE_LEASE_MANUAL && !*l->running && (q->under || q->heedless);
}

static bool granted_before(const struct store_lease *l, const struct store_lease_request *q)
{
	return q->kind == STORE_LEASE_MANUAL && q->key && sp_str_eq(l->key, q->key) &&
	       sp_str_eq(l->requested_by, q->requested_by ? q->requested_by : "");
}

/* 1: another one was there before. */
static int others_first(struct store *s, const struct store_lease_request *q, struct sp_err *err)
{
	struct store_waiter first;
	int r = store_waiter_first(s, q->stack, &first, err);

	return r == 1 ? !q->key || strcmp(first.key, q->key) != 0 : r;
}

static int hold_back(struct store *s, const struct acquire *a, struct sp_err *err)
{
	int r = a->q->queue && a->q->key ? store_waiter_keep(s, a->q, err) : 0;

	if (r == 0 && !store_lease_is_held(a->ret))
		lease_clear(a->ret);
	return r < 0 ? r : STORE_LEASE_HELD;
}

static int acquire(struct store *s, void *state, struct sp_err *err)
{
	const struct acquire *a = state;
	int r = lease_load(s, a->q->stack, a->ret, err);

	if (r < 0)
		return r;
	r = may_join(a->ret, a->q, err);
	if (r != 0)
		return r < 0 ? r : join(s, a, err);
	if (store_lease_is_held(a->ret))
		return granted_before(a->ret, a->q) ? STORE_LEASE_GRANTED : hold_back(s, a, err);
	r = others_first(s, a->q, err);
	if (r != 0)
		return r < 0 ? r : hold_back(s, a, err);
	return grant(s, a, err);
}

/* 1: there is no doubt that another one has it, so no other writer need wait for us to hear it. */
static int is_hopeless(struct store *s, const struct acquire *a, struct sp_err *err)
{
	const struct store_lease_request *q = a->q;
	int r = lease_load(s, q->stack, a->ret, err);

	return r < 0 ? r
		     : store_lease_is_held(a->ret) && !q->queue && !q->under && !q->heedless &&
			       !granted_before(a->ret, q);
}

int store_lease_acquire(struct store *s, const struct store_lease_request *q,
			struct store_lease *ret, struct sp_err *err)
{
	struct acquire a = { q, ret };
	int r = is_hopeless(s, &a, err);

	if (r != 0)
		return r < 0 ? r : STORE_LEASE_HELD;
	return store_transact(s, acquire, &a, err);
}

/* The lease is held, and by that id. */
int lease_match(const struct store_lease *l, const char *id, struct sp_err *err)
{
	if (!store_lease_is_held(l))
		return sp_fail(err, SP_E_NOT_FOUND, "stack '%s' is not locked", l->stack);
	if (strcmp(l->id, id) != 0)
		return sp_fail(err, SP_E_CONFLICT, "the lock of stack '%s' is '%s' of %s, not '%s'",
			       l->stack, l->id, l->locked_by, id);
	return 0;
}

/* It is held, by that id, and who asks has acquired it. */
static int is_holders(const struct store_lease *l, const struct store_lease_claim *q,
		      struct sp_err *err)
{
	int r = lease_match(l, q->id, err);

	if (r == 0 && !sp_str_eq(l->requested_by, q->requested_by))
		r = sp_fail(err, SP_E_DENIED, "lock '%s' was acquired by %s (%s), not by %s", l->id,
			    l->locked_by, l->requested_by, q->requested_by);
	return r;
}

static int may_release(const struct store_lease *l, const struct store_lease_claim *q,
		       struct sp_err *err)
{
	int r = lease_match(l, q->id, err);

	if (r == 0 && *l->running)
		return sp_fail(err, SP_E_CONFLICT, "operation '%s' runs under lock '%s'",
			       l->running, l->id);
	return r < 0 ? r : is_holders(l, q, err);
}

static int release(struct store *s, void *state, struct sp_err *err)
{
	const struct store_lease_claim *q = state;
	struct store_lease l;
	int r = lease_load(s, q->stack, &l, err);

	if (r == 0)
		r = may_release(&l, q, err);
	if (r == 0)
		r = lease_tell(s, "lock.released", &l, NULL, NULL, err);
	if (r < 0)
		return r;
	lease_clear(&l);
	return lease_put(s, &l, err);
}

int store_lease_release(struct store *s, const char *stack, const char *id,
			const char *requested_by, struct sp_err *err)
{
	struct store_lease_claim q = { stack, id, requested_by };

	return store_transact(s, release, &q, err);
}

struct extension {
	const struct store_lease_claim *claim;
	int64_t ttl_ns;
	struct store_lease *ret;
};

static int extend(struct store *s, void *state, struct sp_err *err)
{
	const struct extension *x = state;
	struct store_lease *l = x->ret;
	int r = lease_load(s, x->claim->stack, l, err);

	if (r == 0)
		r = is_holders(l, x->claim, err);
	if (r < 0)
		return r;
	if (l->kind != STORE_LEASE_MANUAL)
		return sp_fail(err, SP_E_CONFLICT,
			       "lock '%s' is an operation's, which is renewed by controld itself",
			       l->id);
	l->ttl_ns = x->ttl_ns;
	l->renewed_at_ns = l->now_ns;
	l->expires_at_ns = l->now_ns + x->ttl_ns;
	r = lease_put(s, l, err);
	return r < 0 ? r : lease_tell(s, "lock.renewed", l, NULL, NULL, err);
}

int store_lease_extend(struct store *s, const struct store_lease_claim *claim, int64_t ttl_ns,
		       struct store_lease *ret, struct sp_err *err)
{
	struct extension x = { claim, ttl_ns, ret };

	return store_transact(s, extend, &x, err);
}

static int confirm(struct store *s, void *state, struct sp_err *err)
{
	const struct store_lease *mine = state;
	struct store_lease l;
	int r = lease_load(s, mine->stack, &l, err);

	if (r < 0 || (store_lease_is_held(&l) && !strcmp(l.id, mine->id)))
		return r;
	return sp_fail(err, SP_E_FENCED,
		       "lock '%s' of stack '%s' was lost before the change was made", mine->id,
		       mine->stack);
}

void store_lease_guard(struct store *s, struct store_lease *l)
{
	store_guard(s, confirm, l);
}
