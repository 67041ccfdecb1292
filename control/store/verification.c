/* See verification.h. */
#include "control/store/verification.h"

#include <inttypes.h>
#include <stdio.h>

#include "control/store/snapshot.h"
#include "control/store/stack.h"
#include "control/store/stack_event.h"

static int check_revision(struct store *s, const struct store_verification *v, struct sp_err *err)
{
	struct store_stack stack;
	int r = store_stack_get(s, v->stack, &stack, err);

	if (r < 0 || stack.revision == v->revision)
		return r;
	return sp_fail(err, SP_E_CONFLICT,
		       "stack '%s' is at revision %" PRId64 " by now, not %" PRId64, v->stack,
		       stack.revision, v->revision);
}

static int write_row(struct store *s, const struct store_verification *v, struct sp_err *err)
{
	int64_t now;
	int r = store_now(s, &now, err);

	if (r == 0)
		r = db_write(store_db(s), err, "DELETE FROM verifications WHERE stack = $1",
			     DB_S(v->stack));
	if (r >= 0)
		r = db_write(store_db(s), err,
			     "INSERT INTO verifications (stack, revision, ok, passed, warned,"
			     " failed, skipped, verified_by, at)"
			     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
			     DB_S(v->stack), DB_I(v->revision), DB_I(v->ok), DB_I(v->passed),
			     DB_I(v->warned), DB_I(v->failed), DB_I(v->skipped),
			     DB_S(v->verified_by), DB_I(now));
	return r < 0 ? r : 0;
}

static int put(struct store *s, void *state, struct sp_err *err)
{
	const struct store_verification *v = state;
	int r = check_revision(s, v, err);

	if (r == 0)
		r = write_row(s, v, err);
	if (r == 0 && v->ok)
		r = store_snapshot_verified(s, v->stack, v->revision, v->verified_by, err);
	return r < 0 ? r : stack_tell_verified(s, v, err);
}

int store_verification_put(struct store *s, const struct store_verification *v, struct sp_err *err)
{
	struct store_verification copy = *v;

	return store_transact(s, put, &copy, err);
}

int store_verification_get(struct store *s, const char *stack, struct store_verification *ret,
			   struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT revision, ok, passed, warned, failed, skipped, verified_by, at"
			  " FROM verifications WHERE stack = $1",
			  DB_S(stack));

	if (r == 0)
		r = db_next(rows, err);
	if (r != 1)
		return r;
	*ret = (struct store_verification){ .revision = db_number(rows, 0),
					    .ok = db_number(rows, 1) != 0,
					    .passed = db_number(rows, 2),
					    .warned = db_number(rows, 3),
					    .failed = db_number(rows, 4),
					    .skipped = db_number(rows, 5),
					    .at_ns = db_number(rows, 7) };
	snprintf(ret->stack, sizeof(ret->stack), "%s", stack);
	db_text_into(rows, 6, ret->verified_by, sizeof(ret->verified_by));
	return 1;
}
