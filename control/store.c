/* Opening the store and its transactions; see store.h. */
#include "control/store.h"

#include <stdlib.h>

#include "control/seal.h"
#include "control/store_schema.h"

struct store {
	struct db *db;
	const struct seal *seal;
	int depth;   /* of nested transactions; only the outermost is the engine's */
	int written; /* events of the open transaction */
	void (*on_commit)(void *owner);
	void *owner;
};

int store_open(const char *url, const struct seal *seal, struct store **ret, struct sp_err *err)
{
	struct store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return sp_fail_nomem(err);
	s->seal = seal;
	r = db_open(url, &s->db, err);
	if (r == 0)
		r = store_schema_migrate(s->db, err);
	if (r < 0) {
		sp_err_at(err, SP_STAGE_STORE);
		store_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	db_close(s->db);
	free(s);
}

struct db *store_db(struct store *s)
{
	return s->db;
}

void store_mark_event(struct store *s)
{
	s->written++;
}

void store_on_commit(struct store *s, void (*fn)(void *owner), void *owner)
{
	s->on_commit = fn;
	s->owner = owner;
}

static int finish(struct store *s, int r, struct sp_err *err)
{
	int written = s->written;

	s->written = 0;
	if (r >= 0) {
		int c = db_commit(s->db, err);

		if (c < 0)
			r = c;
	}
	if (r < 0) {
		db_rollback(s->db);
		return r;
	}
	if (written && s->on_commit)
		s->on_commit(s->owner);
	return r;
}

int store_transact(struct store *s, store_fn fn, void *state, struct sp_err *err)
{
	int r;

	if (s->depth)
		return fn(s, state, err);
	r = db_begin(s->db, err);
	if (r < 0)
		return r;
	s->depth++;
	r = fn(s, state, err);
	s->depth--;
	return finish(s, r, err);
}

struct statement {
	const char *sql;
	const struct db_value *args;
};

static int write_one(struct store *s, void *state, struct sp_err *err)
{
	const struct statement *one = state;

	return db_write_args(s->db, one->sql, one->args, err);
}

int store_write_args(struct store *s, const char *sql, const struct db_value *args,
		     struct sp_err *err)
{
	struct statement one = { sql, args };

	return store_transact(s, write_one, &one, err);
}

int store_now(struct store *s, int64_t *ret_ns, struct sp_err *err)
{
	return db_now(s->db, ret_ns, err);
}

static int need_seal(const struct store *s, const char *place, struct sp_err *err)
{
	if (s->seal)
		return 0;
	return sp_fail(err, SP_E_INTERNAL, "'%s' is sealed, and the store was opened without a key",
		       place);
}

int store_seal(struct store *s, const char *place, const char *text, char **ret, struct sp_err *err)
{
	int r = need_seal(s, place, err);

	*ret = NULL;
	return r < 0 || !text ? r : seal_close_text(s->seal, place, text, ret, err);
}

int store_unseal(struct store *s, const char *place, const char *sealed, char **ret,
		 struct sp_err *err)
{
	int r = need_seal(s, place, err);

	*ret = NULL;
	return r < 0 || !sealed ? r : seal_open_text(s->seal, place, sealed, ret, err);
}

int store_check(struct store *s, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(s->db, &rows, err, "SELECT MAX(version) FROM schema_version");

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1 && db_number(rows, 0) != store_schema_latest())
		return sp_fail(err, SP_E_UNSUPPORTED, "the store's schema is not this program's");
	return r < 0 ? r : 0;
}

int store_count(struct store *s, const char *counter, int64_t *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(s->db, &rows, err,
			  "UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value",
			  DB_S(counter));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 0)
		return sp_fail(err, SP_E_CORRUPT, "the store has no counter '%s'", counter);
	if (r == 1)
		*ret = db_number(rows, 0);
	return r < 0 ? r : 0;
}
