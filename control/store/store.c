/* Opening the store, its clock and its seal; see store.h. */
#include "control/store/store.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/time.h"
#include "control/store/impl.h"
#include "control/store/schema.h"
#include "control/store/seal.h"

#define WRITER_BYTES      12
#define CHECK_PATIENCE_NS SP_NS_PER_S
#define KEEP_MARK_NS      (24 * 3600 * SP_NS_PER_S) /* a commit is settled within a minute */

/* Marks of writers that are long gone. */
static int forget_marks(struct store *s, struct sp_err *err)
{
	int r = store_write(s, err, "DELETE FROM commits WHERE at < $1",
			    DB_I(sp_time_real_ns() - KEEP_MARK_NS));

	return r < 0 ? r : 0;
}

int store_open(const char *url, const struct seal *seal, struct store **ret, struct sp_err *err)
{
	struct store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return sp_fail_nomem(err);
	s->seal = seal;
	r = sp_random_hex(s->writer, WRITER_BYTES, err);
	if (r == 0)
		r = db_open(url, &s->db, err);
	if (r == 0)
		r = store_schema_migrate(s->db, err);
	if (r > 0)
		r = forget_marks(s, err);
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

/* Asked by those who want to know now: no longer than it takes to connect again. */
int store_check(struct store *s, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int64_t patience_ns = s->db->patience_ns, answer_ns = s->db->answer_ns;
	int r;

	s->db->patience_ns = s->db->answer_ns = CHECK_PATIENCE_NS;
	r = db_select(s->db, &rows, err, "SELECT MAX(version) FROM schema_version");
	s->db->patience_ns = patience_ns;
	s->db->answer_ns = answer_ns;
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
	if (r == 1 && db_number(rows, 0) <= 0)
		return sp_fail(err, SP_E_DENIED,
			       "the store was moved; set `store` in the configuration and start "
			       "controld again");
	if (r == 1)
		*ret = db_number(rows, 0);
	return r < 0 ? r : 0;
}

int store_first(int r, struct db_rows *rows, const char *what, const char *name, struct sp_err *err)
{
	if (r == 0)
		r = db_next(rows, err);
	if (r == 0)
		return sp_fail(err, SP_E_NOT_FOUND, "there is no %s '%s'", what, name);
	return r < 0 ? r : 0;
}

int store_names_due(struct store *s, const char *select, char (*ret)[STORE_NAME_MAX], size_t max,
		    size_t *ret_n, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int64_t now;
	int r = store_now(s, &now, err);

	*ret_n = 0;
	if (r == 0)
		r = db_select(store_db(s), &rows, err, select, DB_I(now));
	while (r >= 0 && *ret_n < max && (r = db_next(rows, err)) > 0)
		db_text_into(rows, 0, ret[(*ret_n)++], STORE_NAME_MAX);
	return r < 0 ? r : 0;
}
