/* The lease in the hands of the controld that runs an operation: still mine, mine for longer, mine
 * instead of a dead one's; see lease.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "control/store/lease_impl.h"

/* What became of a right that is no longer one. */
static int lost(struct store *s, const struct store_lease_right *right, struct sp_err *err)
{
	char since[SP_DURATION_MAX];
	struct store_lease l;
	int r = lease_of_running(s, right->operation, &l, err);

	if (r < 0)
		return r;
	if (r == 0)
		return sp_fail(err, SP_E_FENCED,
			       "operation '%s' has lost its lock: it was taken away, or given back",
			       right->operation);
	if (right->token && l.token != right->token)
		return sp_fail(err, SP_E_FENCED,
			       "operation '%s' has lost the lock of stack '%s': its token is %lld,"
			       " the lock is at %lld",
			       right->operation, l.stack, (long long)right->token,
			       (long long)l.token);
	if (!sp_str_eq(l.runner, right->runner))
		return sp_fail(err, SP_E_FENCED,
			       "operation '%s' has lost the lock of stack '%s' to controld '%s'",
			       right->operation, l.stack, l.runner);
	sp_duration_format((l.now_ns - l.runner_until_ns) / SP_NS_PER_MS * SP_NS_PER_MS, since);
	return sp_fail(err, SP_E_FENCED,
		       "operation '%s' has lost the lock of stack '%s': it was not renewed in time,"
		       " %s ago",
		       right->operation, l.stack, since);
}

int store_lease_check(struct store *s, const struct store_lease_right *right, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int64_t now;
	int r = store_now(s, &now, err);

	if (r == 0)
		r = db_select(store_db(s), &rows, err,
			      "SELECT 1 FROM leases WHERE running = $1 AND runner = $2"
			      " AND ($3 = 0 OR token = $3) AND runner_until > $4",
			      DB_S(right->operation), DB_S(right->runner), DB_I(right->token),
			      DB_I(now));
	if (r == 0)
		r = db_next(rows, err);
	if (r == 0)
		return lost(s, right, err);
	return r < 0 ? r : 0;
}

int store_lease_renew(struct store *s, const struct store_lease_right *right, int64_t ttl_ns,
		      struct sp_err *err)
{
	int64_t now;
	int r = store_now(s, &now, err);

	if (r == 0)
		r = store_write(
			s, err,
			"UPDATE leases SET renewed_at = $1, runner_until = $2,"
			" expires_at = CASE WHEN expires_at < $2 THEN $2 ELSE expires_at END"
			" WHERE running = $3 AND runner = $4 AND ($5 = 0 OR token = $5)"
			" AND runner_until > $1",
			DB_I(now), DB_I(now + ttl_ns), DB_S(right->operation), DB_S(right->runner),
			DB_I(right->token));
	if (r == 0)
		return lost(s, right, err);
	return r < 0 ? r : 0;
}

static int end(struct store *s, void *state, struct sp_err *err)
{
	struct store_lease l;
	int r = lease_of_running(s, state, &l, err);

	if (r != 1)
		return r;
	if (l.kind == STORE_LEASE_OPERATION) {
		r = lease_tell(s, "lock.released", &l, NULL, NULL, err);
		lease_clear(&l);
	} else {
		l.running[0] = l.runner[0] = '\0';
		l.runner_until_ns = 0;
		r = 0;
	}
	return r < 0 ? r : lease_put(s, &l, err);
}

int store_lease_end(struct store *s, const char *operation, struct sp_err *err)
{
	return store_transact(s, end, (void *)operation, err);
}

struct take_over {
	const struct store_lease_takeover *t;
	int64_t token;
};

/* The stack of an operation that runs. */
static int stack_of(struct store *s, const char *operation, char ret[STORE_NAME_MAX],
		    struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT stack FROM operations WHERE id = $1 AND state = 'running'",
			  DB_S(operation));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 0)
		return sp_fail(err, SP_E_CONFLICT, "operation '%s' is not running", operation);
	if (r == 1)
		db_text_into(rows, 0, ret, STORE_NAME_MAX);
	return r < 0 ? r : 0;
}

/* 1: its runner lives. */
static int is_alive(const struct store_lease *l, const struct store_lease_takeover *t,
		    struct sp_err *err)
{
	if (!store_lease_is_held(l))
		return 0;
	if (strcmp(l->running, t->operation) != 0)
		return sp_fail(err, SP_E_CONFLICT, "stack '%s' is locked by %s (%s)", l->stack,
			       l->locked_by, l->operation);
	if (t->restarted && !strcmp(l->runner, t->runner))
		return 0;
	return l->runner_until_ns > l->now_ns;
}

/* The operation's own lease gets a new holder: the same person's, at another controld. A manual one
 * keeps its holder. */
static int hand_on(struct store *s, struct store_lease *l, struct take_over *o, struct sp_err *err)
{
	const struct store_lease_takeover *t = o->t;
	bool manual = *l->id && l->kind == STORE_LEASE_MANUAL;
	int r = *l->id && !manual ? lease_tell(s, "lock.expired", l, NULL, NULL, err) : 0;

	snprintf(l->running, sizeof(l->running), "%s", t->operation);
	snprintf(l->runner, sizeof(l->runner), "%s", t->runner);
	l->runner_until_ns = l->now_ns + t->ttl_ns;
	if (manual) {
		l->token++;
		r = lease_tell(s, "lock.joined", l, NULL, NULL, err);
	} else if (r == 0) {
		l->kind = STORE_LEASE_OPERATION;
		l->ttl_ns = t->ttl_ns;
		if (!*l->operation)
			snprintf(l->operation, sizeof(l->operation), "recovery");
		r = lease_renew_identity(l, err);
		if (r == 0)
			r = lease_tell(s, "lock.acquired", l, NULL, NULL, err);
	}
	return r < 0 ? r : lease_put(s, l, err);
}

static int take_over(struct store *s, void *state, struct sp_err *err)
{
	struct take_over *o = state;
	char stack[STORE_NAME_MAX];
	struct store_lease l;
	int r = stack_of(s, o->t->operation, stack, err);

	if (r == 0)
		r = lease_load(s, stack, &l, err);
	if (r == 0)
		r = is_alive(&l, o->t, err);
	if (r != 0)
		return r < 0 ? r : STORE_LEASE_HELD;
	r = hand_on(s, &l, o, err);
	if (r == 0)
		r = db_write(store_db(s), err, "UPDATE operations SET token = $1 WHERE id = $2",
			     DB_I(l.token), DB_S(o->t->operation));
	o->token = l.token;
	return r < 0 ? r : STORE_LEASE_GRANTED;
}

int store_lease_take_over(struct store *s, const struct store_lease_takeover *t, int64_t *ret_token,
			  struct sp_err *err)
{
	struct take_over o = { .t = t };
	int r = store_transact(s, take_over, &o, err);

	if (r == STORE_LEASE_GRANTED)
		*ret_token = o.token;
	return r;
}
