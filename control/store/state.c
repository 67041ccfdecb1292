/* The state of stacks; see state.h. */
#include "control/store/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/store/event.h"
#include "control/store/stack.h"

struct write {
	const struct store_state_change *c;
	int64_t version; /* the present one, then the one that is written */
	bool there;
};

static void place_of(const char *stack, const char *key, int64_t version, char ret[STORE_PLACE_MAX])
{
	snprintf(ret, STORE_PLACE_MAX, "state_versions.value:%s/%s/%lld", stack, key,
		 (long long)version);
}

static int check(const struct store_state_change *c, struct sp_err *err)
{
	if (!sp_id_valid(c->key))
		return sp_fail(err, SP_E_INVALID,
			       "'%.80s' is no key: lower-case letters, digits, '-', '_' and '.',"
			       " at most %d",
			       c->key, SP_ID_MAX);
	if (c->value && strlen(c->value) > STORE_STATE_VALUE_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "the value of '%s' has %zu bytes, at most %d",
			       c->key, strlen(c->value), STORE_STATE_VALUE_MAX);
	return 0;
}

static int read_present(struct store *s, struct write *w, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(
		store_db(s), &rows, err,
		"SELECT version, removed FROM state_versions WHERE stack = $1 AND key = $2"
		" ORDER BY version DESC LIMIT 1",
		DB_S(w->c->stack), DB_S(w->c->key));

	w->version = 0;
	w->there = false;
	if (r == 0)
		r = db_next(rows, err);
	if (r == 1) {
		w->version = db_number(rows, 0);
		w->there = !db_number(rows, 1);
	}
	return r < 0 ? r : 0;
}

static int check_present(const struct write *w, struct sp_err *err)
{
	const struct store_state_change *c = w->c;
	int64_t at = w->there ? w->version : 0;

	if (c->expected != STORE_STATE_ANY && c->expected != at)
		return sp_fail(err, SP_E_CONFLICT,
			       "'%s' of stack '%s' is at version %lld, not at %lld", c->key,
			       c->stack, (long long)at, (long long)c->expected);
	if (!c->value && !w->there)
		return sp_fail(err, SP_E_NOT_FOUND, "stack '%s' has no state '%s'", c->stack,
			       c->key);
	return 0;
}

static int count_keys(struct store *s, const struct write *w, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r;

	if (w->version)
		return 0;
	r = db_select(store_db(s), &rows, err,
		      "SELECT COUNT(DISTINCT key) FROM state_versions WHERE stack = $1",
		      DB_S(w->c->stack));
	if (r == 0)
		r = db_next(rows, err);
	if (r == 1 && db_number(rows, 0) >= STORE_STATE_KEYS_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "stack '%s' has %d keys, which is the most",
			       w->c->stack, STORE_STATE_KEYS_MAX);
	return r < 0 ? r : 0;
}

static int insert(struct store *s, const struct write *w, struct sp_err *err)
{
	const struct store_state_change *c = w->c;
	autofree char *sealed = NULL;
	char place[STORE_PLACE_MAX];
	int r;

	place_of(c->stack, c->key, w->version, place);
	r = store_seal(s, place, c->value, &sealed, err);
	if (r == 0)
		r = db_write(store_db(s), err,
			     "INSERT INTO state_versions (stack, key, version, value, sensitive,"
			     " removed, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			     DB_S(c->stack), DB_S(c->key), DB_I(w->version), DB_S(sealed),
			     DB_I(c->sensitive), DB_I(!c->value), DB_S(c->by),
			     DB_I(sp_time_real_ns()));
	return r < 0 ? r : 0;
}

/* The value is never told. */
static int tell(struct store *s, const struct write *w, struct sp_err *err)
{
	const struct store_state_change *c = w->c;
	autojson json_t *fields =
		json_pack("{s:s, s:I, s:b, s:s}", "key", c->key, "version", (json_int_t)w->version,
			  "sensitive", c->sensitive, "by", c->by);
	struct store_event event = { .type = c->value ? "state.set" : "state.removed",
				     .stack = c->stack,
				     .message = c->key,
				     .fields = fields };

	return store_event_append(s, &event, err);
}

static int write_version(struct store *s, void *state, struct sp_err *err)
{
	struct write *w = state;
	struct store_stack stack;
	int r = store_stack_get(s, w->c->stack, &stack, err);

	if (r == 0)
		r = read_present(s, w, err);
	if (r == 0)
		r = check_present(w, err);
	if (r == 0)
		r = count_keys(s, w, err);
	w->version++;
	if (r == 0)
		r = insert(s, w, err);
	return r < 0 ? r : tell(s, w, err);
}

int store_state_write(struct store *s, const struct store_state_change *c, int64_t *ret_version,
		      struct sp_err *err)
{
	struct write w = { .c = c };
	int r = check(c, err);

	if (r == 0)
		r = store_transact(s, write_version, &w, err);
	if (r == 0)
		*ret_version = w.version;
	return r;
}

void store_state_value_fini(struct store_state_value *v)
{
	if (v->value)
		explicit_bzero(v->value, strlen(v->value));
	free(v->value);
	v->value = NULL;
}

int store_state_get(struct store *s, const char *stack, const char *key,
		    struct store_state_value *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	char place[STORE_PLACE_MAX];
	int r = db_select(store_db(s), &rows, err,
			  "SELECT version, removed, sensitive, value FROM state_versions"
			  " WHERE stack = $1 AND key = $2 ORDER BY version DESC LIMIT 1",
			  DB_S(stack), DB_S(key));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 0 || (r == 1 && db_number(rows, 1)))
		return sp_fail(err, SP_E_NOT_FOUND, "stack '%s' has no state '%s'", stack, key);
	if (r < 0)
		return r;
	*ret = (struct store_state_value){ .version = db_number(rows, 0),
					   .sensitive = db_number(rows, 2) != 0 };
	place_of(stack, key, ret->version, place);
	return store_unseal(s, place, db_text(rows, 3), &ret->value, err);
}

int store_state_removed_by(struct store *s, const struct store_state_change *removal,
			   int64_t *ret_version, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT version, removed, set_by FROM state_versions"
			  " WHERE stack = $1 AND key = $2 ORDER BY version DESC LIMIT 1",
			  DB_S(removal->stack), DB_S(removal->key));

	if (r == 0)
		r = db_next(rows, err);
	if (r != 1 || !db_number(rows, 1) || !sp_str_eq(db_text(rows, 2), removal->by))
		return r < 0 ? r : 0;
	*ret_version = db_number(rows, 0);
	return removal->expected == STORE_STATE_ANY || *ret_version == removal->expected + 1;
}

static json_t *row_object(const struct db_rows *rows)
{
	char at[SP_TIME_STAMP_MAX];

	sp_time_format(db_number(rows, 4), at);
	return json_pack("{s:s, s:I, s:b, s:s, s:s}", "key", db_text(rows, 0), "version",
			 (json_int_t)db_number(rows, 1), "sensitive", db_number(rows, 2) != 0,
			 "set_by", db_text(rows, 3), "set_at", at);
}

int store_state_list(struct store *s, const char *stack, json_t **ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autojson json_t *list = json_array();
	int r = db_select(store_db(s), &rows, err,
			  "SELECT v.key, v.version, v.sensitive, v.set_by, v.set_at"
			  " FROM state_versions v WHERE v.stack = $1 AND v.removed = 0"
			  " AND v.version = (SELECT MAX(version) FROM state_versions"
			  " WHERE stack = v.stack AND key = v.key) ORDER BY v.key",
			  DB_S(stack));

	while (r >= 0 && (r = db_next(rows, err)) > 0)
		if (json_array_append_new(list, row_object(rows)) < 0)
			return sp_fail_nomem(err);
	if (r < 0)
		return r;
	*ret = take_ptr(list);
	return 0;
}
