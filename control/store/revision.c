/* Revisions of a stack and the bundles they were made from; see stack.h. */
#include <stdio.h>
#include <string.h>

#include "control/store/stack.h"

struct revision {
	const char *stack, *digest, *bundle;
	int64_t number;
};

static void place_of(const char *stack, int64_t revision, char ret[STORE_PLACE_MAX])
{
	snprintf(ret, STORE_PLACE_MAX, "revisions.bundle:%s/%lld", stack, (long long)revision);
}

static int next_number(struct store *s, struct revision *v, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT COALESCE(MAX(revision), 0) + 1 FROM revisions WHERE stack = $1",
			  DB_S(v->stack));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		v->number = db_number(rows, 0);
	return r < 0 ? r : 0;
}

static int add(struct store *s, void *state, struct sp_err *err)
{
	struct revision *v = state;
	autofree char *sealed = NULL;
	char place[STORE_PLACE_MAX];
	int64_t now;
	int r = next_number(s, v, err);

	if (r == 0)
		r = store_now(s, &now, err);
	if (r < 0)
		return r;
	place_of(v->stack, v->number, place);
	r = store_seal(s, place, v->bundle, &sealed, err);
	if (r == 0)
		r = db_write(store_db(s), err,
			     "INSERT INTO revisions (stack, revision, digest, bundle, created_at)"
			     " VALUES ($1, $2, $3, $4, $5)",
			     DB_S(v->stack), DB_I(v->number), DB_S(v->digest), DB_S(sealed),
			     DB_I(now));
	return r < 0 ? r : 0;
}

int store_revision_add(struct store *s, const char *stack, const char *digest, const char *bundle,
		       int64_t *ret_revision, struct sp_err *err)
{
	struct revision v = { .stack = stack, .digest = digest, .bundle = bundle };
	int r = store_transact(s, add, &v, err);

	if (r == 0)
		*ret_revision = v.number;
	return r;
}

int store_revision_bundle(struct store *s, const char *stack, int64_t revision, char **ret,
			  struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	char place[STORE_PLACE_MAX];
	int r = db_select(store_db(s), &rows, err,
			  "SELECT bundle FROM revisions WHERE stack = $1 AND revision = $2",
			  DB_S(stack), DB_I(revision));

	place_of(stack, revision, place);
	if (r == 0)
		r = db_next(rows, err);
	if (r == 0)
		return sp_fail(err, SP_E_NOT_FOUND, "stack '%s' has no revision %lld", stack,
			       (long long)revision);
	return r < 0 ? r : store_unseal(s, place, db_text(rows, 0), ret, err);
}
