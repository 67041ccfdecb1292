/* Hooks' cursors; see hook.h. */
#include "control/store/hook.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "control/store/event.h"

static int select_hook(struct store *s, const char *name, struct db_rows **ret, struct sp_err *err)
{
	return db_select(store_db(s), ret, err,
			 "SELECT cursor, delivered, failures, next_at, error, owner, owner_until"
			 " FROM hooks WHERE name = $1",
			 DB_S(name));
}

static void read_hook(const struct db_rows *rows, const char *name, struct store_hook *ret)
{
	*ret = (struct store_hook){ .cursor = db_number(rows, 0),
				    .delivered = db_number(rows, 1),
				    .failures = db_number(rows, 2),
				    .next_at_ns = db_number(rows, 3) };
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	db_text_into(rows, 4, ret->error, sizeof(ret->error));
}

int store_hook_get(struct store *s, const char *name, struct store_hook *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = select_hook(s, name, &rows, err);

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		read_hook(rows, name, ret);
	return r == 0 ? sp_fail(err, SP_E_NOT_FOUND, "hook '%s' was told nothing yet", name)
		      : (r < 0 ? r : 0);
}

json_t *store_hook_view(const struct store_hook *h, int64_t last_seq)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:s}", "name", h->name, "cursor",
			 (json_int_t)h->cursor, "behind", (json_int_t)(last_seq - h->cursor),
			 "delivered", (json_int_t)h->delivered, "failures", (json_int_t)h->failures,
			 "error", h->error);
}

struct claim {
	const struct store_hook_claim *c;
	struct store_hook *ret;
};

static int make_row(struct store *s, const char *name, struct sp_err *err)
{
	int64_t last = 0;
	int r = store_event_last(s, &last, err);

	return r < 0 ? r
		     : db_write(store_db(s), err,
				"INSERT INTO hooks (name, cursor, delivered, failures, next_at,"
				" error, owner, owner_until) VALUES ($1, $2, 0, 0, 0, '', '', 0)"
				" ON CONFLICT (name) DO NOTHING",
				DB_S(name), DB_I(last));
}

/* 1: whoever has it, if anybody, is silent; and it does not rest. */
static int is_free(struct store *s, const struct claim *c, int64_t now, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	char owner[STORE_NAME_MAX * 4];
	int r = select_hook(s, c->c->name, &rows, err);

	if (r == 0)
		r = db_next(rows, err);
	if (r <= 0)
		return r;
	read_hook(rows, c->c->name, c->ret);
	db_text_into(rows, 5, owner, sizeof(owner));
	if (*owner && strcmp(owner, c->c->owner) != 0 && db_number(rows, 6) > now)
		return 0;
	return c->ret->next_at_ns <= now;
}

static int claim(struct store *s, void *state, struct sp_err *err)
{
	const struct claim *c = state;
	int64_t now;
	int r = store_now(s, &now, err);

	if (r == 0)
		r = make_row(s, c->c->name, err);
	if (r >= 0)
		r = is_free(s, c, now, err);
	if (r <= 0)
		return r;
	return db_write(store_db(s), err,
			"UPDATE hooks SET owner = $1, owner_until = $2 WHERE name = $3",
			DB_S(c->c->owner), DB_I(now + c->c->ttl_ns), DB_S(c->c->name));
}

int store_hook_claim(struct store *s, const struct store_hook_claim *c, struct store_hook *ret,
		     struct sp_err *err)
{
	struct claim state = { c, ret };

	return store_transact(s, claim, &state, err);
}

struct settle {
	const struct store_hook *h;
	const char *owner;
};

static int settle(struct store *s, void *state, struct sp_err *err)
{
	const struct settle *t = state;
	const struct store_hook *h = t->h;
	int r = db_write(store_db(s), err,
			 "UPDATE hooks SET cursor = $1, delivered = $2, failures = $3,"
			 " next_at = $4, error = $5, owner = '', owner_until = 0"
			 " WHERE name = $6 AND owner = $7",
			 DB_I(h->cursor), DB_I(h->delivered), DB_I(h->failures),
			 DB_I(h->next_at_ns), DB_S(h->error), DB_S(h->name), DB_S(t->owner));

	if (r == 0)
		return sp_fail(err, SP_E_FENCED, "hook '%s' is another controld's", h->name);
	return r < 0 ? r : 0;
}

int store_hook_settle(struct store *s, const struct store_hook *h, const char *owner,
		      struct sp_err *err)
{
	struct settle t = { h, owner };

	return store_transact(s, settle, &t, err);
}
