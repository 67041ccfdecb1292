/* Join tokens; see token.h. */
#include "control/store/token.h"

#include "base/str.h"
#include "base/time.h"

#define KEEP_EXPIRED_NS (24 * 3600 * SP_NS_PER_S) /* so that a late use is told why */

static int put(struct store *s, void *state, struct sp_err *err)
{
	const struct store_token *t = state;
	int64_t now = sp_time_real_ns();
	int r = db_write(store_db(s), err, "DELETE FROM tokens WHERE expires_at < $1",
			 DB_I(now - KEEP_EXPIRED_NS));

	if (r >= 0)
		r = db_write(store_db(s), err,
			     "INSERT INTO tokens (id, hash, created_at, expires_at)"
			     " VALUES ($1, $2, $3, $4)",
			     DB_S(t->id), DB_S(t->hash), DB_I(now), DB_I(t->expires_at_ns));
	return r < 0 ? r : 0;
}

int store_token_put(struct store *s, const struct store_token *t, struct sp_err *err)
{
	return store_transact(s, put, (void *)t, err);
}

static int tell_why(struct store *s, const char *id, const char *hash, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT hash, used_at, used_by, expires_at FROM tokens WHERE id = $1",
			  DB_S(id));

	if (r == 0)
		r = db_next(rows, err);
	if (r < 0)
		return r;
	if (r == 0 || !sp_str_eq(db_text(rows, 0), hash))
		return sp_fail(err, SP_E_DENIED, "the join token is not one of this cluster");
	if (db_number(rows, 1))
		return sp_fail(err, SP_E_DENIED, "the join token was already used by node '%s'",
			       db_text(rows, 2));
	return sp_fail(err, SP_E_DENIED, "the join token has expired");
}

int store_token_use(struct store *s, const char *id, const char *hash, const char *by,
		    struct sp_err *err)
{
	int64_t now = sp_time_real_ns();
	int r = store_write(s, err,
			    "UPDATE tokens SET used_at = $1, used_by = $2"
			    " WHERE id = $3 AND hash = $4 AND used_at IS NULL AND expires_at > $1",
			    DB_I(now), DB_S(by), DB_S(id), DB_S(hash));

	if (r < 0)
		return r;
	return r == 1 ? 0 : tell_why(s, id, hash, err);
}
