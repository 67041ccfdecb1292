/* Rows of leases: read and written as a whole; see lease.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/str.h"
#include "control/store/lease_impl.h"

#define COLUMNS                                                                          \
	"stack, token, lock_id, kind, locked_by, requested_by, host, operation, reason," \
	" request_key, running, runner, acquired_at, renewed_at, expires_at, ttl, runner_until"
#define ID_BYTES 6 /* of randomness in a lock's id */

static const char *const kind_names[] = {
#define X(sym, name) [STORE_LEASE_##sym] = name,
	STORE_LEASE_KINDS(X)
#undef X
};

const char *store_lease_kind_name(enum store_lease_kind kind)
{
	return kind_names[kind];
}

bool store_lease_is_held(const struct store_lease *l)
{
	return *l->id && (*l->running || l->expires_at_ns > l->now_ns);
}

static void read_row(const struct db_rows *rows, struct store_lease *l)
{
	db_text_into(rows, 0, l->stack, sizeof(l->stack));
	l->token = db_number(rows, 1);
	db_text_into(rows, 2, l->id, sizeof(l->id));
	l->kind = sp_str_eq(db_text(rows, 3), kind_names[STORE_LEASE_MANUAL])
			  ? STORE_LEASE_MANUAL
			  : STORE_LEASE_OPERATION;
	db_text_into(rows, 4, l->locked_by, sizeof(l->locked_by));
	db_text_into(rows, 5, l->requested_by, sizeof(l->requested_by));
	db_text_into(rows, 6, l->host, sizeof(l->host));
	db_text_into(rows, 7, l->operation, sizeof(l->operation));
	db_text_into(rows, 8, l->reason, sizeof(l->reason));
	db_text_into(rows, 9, l->key, sizeof(l->key));
	db_text_into(rows, 10, l->running, sizeof(l->running));
	db_text_into(rows, 11, l->runner, sizeof(l->runner));
	l->acquired_at_ns = db_number(rows, 12);
	l->renewed_at_ns = db_number(rows, 13);
	l->expires_at_ns = db_number(rows, 14);
	l->ttl_ns = db_number(rows, 15);
	l->runner_until_ns = db_number(rows, 16);
}

int lease_load(struct store *s, const char *stack, struct store_lease *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r;

	*ret = (struct store_lease){ 0 };
	snprintf(ret->stack, sizeof(ret->stack), "%s", stack);
	r = store_now(s, &ret->now_ns, err);
	if (r == 0)
		r = db_select(store_db(s), &rows, err,
			      "SELECT " COLUMNS " FROM leases WHERE stack = $1", DB_S(stack));
	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		read_row(rows, ret);
	return r < 0 ? r : 0;
}

int lease_of_running(struct store *s, const char *operation, struct store_lease *ret,
		     struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r;

	*ret = (struct store_lease){ 0 };
	r = store_now(s, &ret->now_ns, err);
	if (r == 0)
		r = db_select(store_db(s), &rows, err,
			      "SELECT " COLUMNS " FROM leases WHERE running = $1", DB_S(operation));
	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		read_row(rows, ret);
	return r;
}

int lease_put(struct store *s, const struct store_lease *l, struct sp_err *err)
{
	int r = db_write(
		store_db(s), err,
		"INSERT INTO leases (" COLUMNS ") VALUES"
		" ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
		" ON CONFLICT (stack) DO UPDATE SET token = excluded.token,"
		" lock_id = excluded.lock_id, kind = excluded.kind,"
		" locked_by = excluded.locked_by, requested_by = excluded.requested_by,"
		" host = excluded.host, operation = excluded.operation,"
		" reason = excluded.reason, request_key = excluded.request_key,"
		" running = excluded.running, runner = excluded.runner,"
		" acquired_at = excluded.acquired_at, renewed_at = excluded.renewed_at,"
		" expires_at = excluded.expires_at, ttl = excluded.ttl,"
		" runner_until = excluded.runner_until",
		DB_S(l->stack), DB_I(l->token), DB_S(l->id), DB_S(kind_names[l->kind]),
		DB_S(l->locked_by), DB_S(l->requested_by), DB_S(l->host), DB_S(l->operation),
		DB_S(l->reason), DB_S(l->key), DB_S(l->running), DB_S(l->runner),
		DB_I(l->acquired_at_ns), DB_I(l->renewed_at_ns), DB_I(l->expires_at_ns),
		DB_I(l->ttl_ns), DB_I(l->runner_until_ns));

	return r < 0 ? r : 0;
}

void lease_clear(struct store_lease *l)
{
	struct store_lease empty = { .token = l->token, .now_ns = l->now_ns };

	memcpy(empty.stack, l->stack, sizeof(empty.stack));
	*l = empty;
}

int lease_renew_identity(struct store_lease *l, struct sp_err *err)
{
	char random[2 * ID_BYTES + 1];
	int r = sp_random_hex(random, ID_BYTES, err);

	if (r < 0)
		return r;
	snprintf(l->id, sizeof(l->id), "lock-%s", random);
	l->token++;
	l->acquired_at_ns = l->renewed_at_ns = l->now_ns;
	l->expires_at_ns = l->now_ns + l->ttl_ns;
	return 0;
}

int store_lease_get(struct store *s, const char *stack, struct store_lease *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = lease_load(s, stack, ret, err);

	if (r < 0 || ret->token)
		return r;
	r = db_select(store_db(s), &rows, err, "SELECT name FROM stacks WHERE name = $1",
		      DB_S(stack));
	if (r == 0)
		r = db_next(rows, err);
	if (r == 0)
		return sp_fail(err, SP_E_NOT_FOUND, "there is no stack '%s', and no lock of it",
			       stack);
	return r < 0 ? r : 0;
}

void store_leases_fini(struct store_leases *l)
{
	free(l->list);
	*l = (struct store_leases){ 0 };
}

int store_lease_list(struct store *s, struct store_leases *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autoleases struct store_leases leases = { 0 };
	int64_t now;
	int r = store_now(s, &now, err);

	if (r == 0)
		r = db_select(store_db(s), &rows, err,
			      "SELECT " COLUMNS " FROM leases WHERE lock_id <> ''"
			      " AND (running <> '' OR expires_at > $1) ORDER BY stack",
			      DB_I(now));
	while (r >= 0 && (r = db_next(rows, err)) > 0) {
		struct store_lease *list =
			reallocarray(leases.list, leases.n + 1, sizeof(*leases.list));

		if (!list)
			return sp_fail_nomem(err);
		leases.list = list;
		list[leases.n] = (struct store_lease){ .now_ns = now };
		read_row(rows, &list[leases.n++]);
	}
	if (r < 0)
		return r;
	*ret = leases;
	leases = (struct store_leases){ 0 };
	return 0;
}
