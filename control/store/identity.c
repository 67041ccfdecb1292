/* Whose the store is; see identity.h. */
#include "control/store/identity.h"

#include "base/str.h"

/* 1: it has one. */
static int read_value(struct store *s, const char *name, char ret[STORE_IDENTITY_MAX],
		      struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err, "SELECT value FROM identity WHERE name = $1",
			  DB_S(name));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		db_text_into(rows, 0, ret, STORE_IDENTITY_MAX);
	return r;
}

int store_identity_claim(struct store *s, const char *name, const char *value,
			 char ret_other[STORE_IDENTITY_MAX], struct sp_err *err)
{
	int r = read_value(s, name, ret_other, err);

	if (r == 0) {
		r = store_write(s, err,
				"INSERT INTO identity (name, value) VALUES ($1, $2)"
				" ON CONFLICT (name) DO NOTHING",
				DB_S(name), DB_S(value));
		if (r >= 0)
			r = read_value(s, name, ret_other, err);
	}
	return r < 0 ? r : sp_str_eq(ret_other, value);
}

int store_identity_owned(struct store *s, struct sp_err *err)
{
	char owner[STORE_IDENTITY_MAX];

	return read_value(s, "ca", owner, err);
}

static int check_moved(struct store *s, struct sp_err *err)
{
	char where[STORE_IDENTITY_MAX];
	int r = read_value(s, "moved_to", where, err);

	if (r == 1)
		return sp_fail(err, SP_E_DENIED,
			       "the store was moved to %s; set `store` in the configuration",
			       where);
	return r;
}

int store_identity_check(struct store *s, const char *ca_fingerprint, const char *id,
			 struct sp_err *err)
{
	char other[STORE_IDENTITY_MAX] = "";
	int r = check_moved(s, err);

	if (r < 0)
		return r;
	r = store_identity_claim(s, "ca", ca_fingerprint, other, err);
	if (r == 0)
		return sp_fail(err, SP_E_DENIED,
			       "the store is of the cluster whose authority is '%s', ours is '%s'; "
			       "copy ca.crt and ca.key from its control host",
			       other, ca_fingerprint);
	if (r == 1)
		r = store_identity_claim(s, "seal_key", id, other, err);
	if (r == 0)
		return sp_fail(err, SP_E_DENIED,
			       "the store is sealed with key '%s', ours is '%s'; copy the file of "
			       "`seal_key` from its control host",
			       other, id);
	return r < 0 ? r : 0;
}
