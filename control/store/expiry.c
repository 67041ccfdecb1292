/* See expiry.h. */
#include "control/store/expiry.h"

#include "base/str.h"
#include "base/time.h"
#include "control/store/stack.h"
#include "control/store/stack_event.h"

#define WAIT_NS (2 * SP_NS_PER_S) /* others have their turn before one that has to wait */

struct setting {
	const char *stack, *operation;
	int64_t ttl_ns, at_ns;
};

static int set(struct store *s, void *state, struct sp_err *err)
{
	struct setting *q = state;
	struct store_stack was;
	int64_t now;
	int r = store_stack_get(s, q->stack, &was, err);

	if (r == 0)
		r = store_now(s, &now, err);
	if (r < 0)
		return r;
	q->at_ns = q->ttl_ns ? now + q->ttl_ns : 0;
	if (!q->at_ns && !was.expires_at_ns)
		return 0;
	r = db_write(store_db(s), err,
		     "UPDATE stacks SET expires_at = $2, expiry_next = $2, expiry_note = ''"
		     " WHERE name = $1",
		     DB_S(q->stack), DB_I(q->at_ns));
	return r < 0 ? r : stack_tell_expires(s, q->stack, q->at_ns, q->operation, err);
}

int store_expiry_set(struct store *s, const char *stack, int64_t ttl_ns, const char *operation,
		     int64_t *ret_at_ns, struct sp_err *err)
{
	struct setting q = { .stack = stack, .operation = operation, .ttl_ns = ttl_ns };
	int r = store_transact(s, set, &q, err);

	*ret_at_ns = q.at_ns;
	return r;
}

int store_expiry_due(struct store *s, char (*ret)[STORE_NAME_MAX], size_t max, size_t *ret_n,
		     struct sp_err *err)
{
	return store_names_due(s,
			       "SELECT name FROM stacks WHERE expires_at > 0 AND expires_at <= $1"
			       " AND expiry_next <= $1 ORDER BY expiry_next, name",
			       ret, max, ret_n, err);
}

int store_expiry_claim(struct store *s, const char *stack, int64_t retry_ns, struct sp_err *err)
{
	int64_t now;
	int r = store_now(s, &now, err);

	if (r == 0)
		r = store_write(s, err,
				"UPDATE stacks SET expiry_next = $2 WHERE name = $1"
				" AND expires_at > 0 AND expires_at <= $3 AND expiry_next <= $3",
				DB_S(stack), DB_I(now + retry_ns), DB_I(now));
	if (r == 0)
		return sp_fail(err, SP_E_CONFLICT, "the time of stack '%s' is not up", stack);
	return r < 0 ? r : 0;
}

struct waiting {
	const char *stack, *why;
};

static int wait(struct store *s, void *state, struct sp_err *err)
{
	const struct waiting *w = state;
	int64_t now;
	int r = store_now(s, &now, err);

	if (r == 0)
		r = db_write(store_db(s), err, "UPDATE stacks SET expiry_next = $2 WHERE name = $1",
			     DB_S(w->stack), DB_I(now + WAIT_NS));
	if (r >= 0)
		r = db_write(
			store_db(s), err,
			"UPDATE stacks SET expiry_note = $2 WHERE name = $1 AND expiry_note <> $2",
			DB_S(w->stack), DB_S(w->why));
	return r > 0 ? stack_tell_overdue(s, w->stack, w->why, err) : r;
}

int store_expiry_waits(struct store *s, const char *stack, const char *why, struct sp_err *err)
{
	struct waiting w = { stack, why };

	return store_transact(s, wait, &w, err);
}
