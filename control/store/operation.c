/* Operations; see operation.h. */
#include "control/store/operation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/store/event.h"
#include "control/store/stack.h"

static const char *const state_names[] = {
#define X(sym, name) [STORE_OPERATION_##sym] = name,
	STORE_OPERATION_STATES(X)
#undef X
};

static const char *const direction_names[] = {
#define X(sym, name) [STORE_DIRECTION_##sym] = name,
	STORE_DIRECTIONS(X)
#undef X
};

const char *store_direction_name(enum store_direction direction)
{
	return direction_names[direction];
}

const char *store_operation_state_name(enum store_operation_state state)
{
	return state_names[state];
}

void store_operation_fini(struct store_operation *o)
{
	free(o->request);
	free(o->error);
	o->request = o->error = NULL;
}

struct begin {
	const struct store_operation_request *q;
	char digest[SP_DIGEST_MAX];
	char *id;
};

/* 1: that operation; 0: the key is new. */
static int find_by_key(struct store *s, struct begin *b, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r;

	if (!b->q->idempotency_key)
		return 0;
	r = db_select(store_db(s), &rows, err,
		      "SELECT id, request_digest, stack, kind FROM operations"
		      " WHERE idempotency_key = $1",
		      DB_S(b->q->idempotency_key));
	if (r == 0)
		r = db_next(rows, err);
	if (r != 1)
		return r;
	if (!sp_str_eq(db_text(rows, 1), b->digest) || !sp_str_eq(db_text(rows, 2), b->q->stack) ||
	    !sp_str_eq(db_text(rows, 3), b->q->kind)) {
		r = sp_fail(err, SP_E_CONFLICT,
			    "the idempotency key was used for another request, operation '%s'",
			    db_text(rows, 0));
		sp_err_at(err, SP_STAGE_CLIENT); /* the lock has no part in it */
		return r;
	}
	db_text_into(rows, 0, b->id, STORE_NAME_MAX);
	return 1;
}

static void place_of(const char *id, char ret[STORE_PLACE_MAX])
{
	snprintf(ret, STORE_PLACE_MAX, "operations.request:%s", id);
}

/* Requests hold stack files with their variables: sealed. */
static int write_operation(struct store *s, const struct begin *b, int64_t number, int64_t token,
			   struct sp_err *err)
{
	const struct store_operation_request *q = b->q;
	autofree char *sealed = NULL;
	char place[STORE_PLACE_MAX];
	int64_t now;
	int r = store_now(s, &now, err);

	place_of(b->id, place);
	if (r == 0)
		r = store_seal(s, place, q->request, &sealed, err);
	if (r < 0)
		return r;
	return db_write(store_db(s), err,
			"INSERT INTO operations (id, number, kind, stack, state, token, created_at,"
			" requested_by, idempotency_key, request_digest, request)"
			" VALUES ($1, $2, $3, $4, 'running', $5, $6, $7, $8, $9, $10)",
			DB_S(b->id), DB_I(number), DB_S(q->kind), DB_S(q->stack), DB_I(token),
			DB_I(now), DB_S(q->requested_by), DB_S(q->idempotency_key), DB_S(b->digest),
			DB_S(sealed));
}

static int insert_operation(struct store *s, struct begin *b, int64_t token, struct sp_err *err)
{
	const struct store_operation_request *q = b->q;
	struct store_event event = { .type = "operation.started",
				     .stack = q->stack,
				     .operation = b->id,
				     .message = q->kind };
	int64_t number;
	int r = store_count(s, "operations", &number, err);

	if (r < 0)
		return r;
	r = write_operation(s, b, number, token, err);
	return r < 0 ? r : store_event_append(s, &event, err);
}

static int take_lock(struct store *s, const struct begin *b, int64_t *ret_token, struct sp_err *err)
{
	struct store_lease_request q = b->q->lock;
	struct store_lease lease = { 0 };
	int r;

	q.stack = b->q->stack;
	q.kind = STORE_LEASE_OPERATION;
	q.key = b->q->idempotency_key;
	q.requested_by = b->q->requested_by;
	q.operation = b->q->kind;
	q.running = b->id;
	if (!q.locked_by)
		q.locked_by = q.requested_by;
	r = store_lease_acquire(s, &q, &lease, err);
	*ret_token = lease.token;
	if (r == STORE_LEASE_HELD && !q.queue)
		return store_lease_refuse(&lease, err);
	return r;
}

/* Its id, which is taken only if it gets the lock: who waits leaves no gap. */
static int propose_id(struct store *s, struct begin *b, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT value + 1 FROM counters WHERE name = 'operations'");

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		snprintf(b->id, STORE_NAME_MAX, "op-%lld", (long long)db_number(rows, 0));
	return r < 0 ? r : 0;
}

static int begin(struct store *s, void *state, struct sp_err *err)
{
	struct begin *b = state;
	int64_t token = 0;
	int r = find_by_key(s, b, err);

	if (r != 0)
		return r < 0 ? r : STORE_OPERATION_KNOWN;
	r = propose_id(s, b, err);
	if (r == 0)
		r = take_lock(s, b, &token, err);
	if (r != STORE_LEASE_GRANTED)
		return r < 0 ? r : STORE_OPERATION_WAITS;
	r = b->q->allow ? b->q->allow(s, b->q->allow_state, err) : 0;
	if (r >= 0)
		r = insert_operation(s, b, token, err);
	return r < 0 ? r : STORE_OPERATION_BEGUN;
}

int store_operation_begin(struct store *s, const struct store_operation_request *q,
			  char ret_id[STORE_NAME_MAX], struct sp_err *err)
{
	struct begin b = { .q = q, .id = ret_id };
	int r = sp_digest_of(q->request, strlen(q->request), b.digest, err);

	return r < 0 ? r : store_transact(s, begin, &b, err);
}

static enum store_operation_state parse_state(const char *name)
{
	for (size_t i = 0; i < SP_COUNT(state_names); i++)
		if (sp_str_eq(name, state_names[i]))
			return (enum store_operation_state)i;
	return STORE_OPERATION_FAILED;
}

static void read_operation(const struct db_rows *rows, struct store_operation *o)
{
	*o = (struct store_operation){ .token = db_number(rows, 2),
				       .state = parse_state(db_text(rows, 4)),
				       .attempt = db_number(rows, 5),
				       .revision = db_number(rows, 7),
				       .created_at_ns = db_number(rows, 10) };
	db_text_into(rows, 0, o->kind, sizeof(o->kind));
	db_text_into(rows, 1, o->stack, sizeof(o->stack));
	if (sp_str_eq(db_text(rows, 6), store_direction_name(STORE_DIRECTION_REVERT)))
		o->direction = STORE_DIRECTION_REVERT;
	db_text_into(rows, 8, o->stack_before, sizeof(o->stack_before));
	if (db_text(rows, 9))
		o->error = db_text_copy(rows, 9);
}

int store_operation_load(struct store *s, const char *id, struct store_operation *ret,
			 struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	char place[STORE_PLACE_MAX];
	int r = db_select(store_db(s), &rows, err,
			  "SELECT kind, stack, token, request, state, attempt, direction, revision,"
			  " stack_before, error, created_at FROM operations WHERE id = $1",
			  DB_S(id));

	r = store_first(r, rows, "operation", id, err);
	if (r < 0)
		return r;
	read_operation(rows, ret);
	snprintf(ret->id, sizeof(ret->id), "%s", id);
	place_of(id, place);
	return store_unseal(s, place, db_text(rows, 3), &ret->request, err);
}

struct finish {
	const char *id;
	enum store_operation_state state;
	const struct wire_failure *failure;
};

static int tell_finished(struct store *s, const struct finish *f, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	char stack[STORE_NAME_MAX] = "";
	autojson json_t *fields = json_pack("{s:s}", "state", state_names[f->state]);
	struct store_event event = {
		.type = "operation.finished", .stack = stack, .operation = f->id, .fields = fields
	};
	int r = db_select(store_db(s), &rows, err,
			  "SELECT stack, warnings FROM operations WHERE id = $1", DB_S(f->id));

	if (r == 0)
		r = db_next(rows, err);
	if (r < 0)
		return r;
	db_text_into(rows, 0, stack, sizeof(stack));
	if (db_text(rows, 1))
		json_object_set_new(fields, "warnings", json_loads(db_text(rows, 1), 0, NULL));
	event.message = f->failure ? f->failure->err.message : state_names[f->state];
	return store_event_append(s, &event, err);
}

static int finish(struct store *s, void *state, struct sp_err *err)
{
	const struct finish *f = state;
	autojson json_t *error = f->failure ? wire_failure_encode(f->failure) : NULL;
	autofree char *text = error ? sp_json_text(error) : NULL;
	int64_t now;
	int r;

	if (f->failure && !text)
		return sp_fail_nomem(err);
	r = store_now(s, &now, err);
	if (r < 0)
		return r;
	r = db_write(store_db(s), err,
		     "UPDATE operations SET state = $1, finished_at = $2, error = $3"
		     " WHERE id = $4 AND state = 'running'",
		     DB_S(state_names[f->state]), DB_I(now), DB_S(text), DB_S(f->id));
	if (r == 0)
		return sp_fail(err, SP_E_CONFLICT, "operation '%s' is not running", f->id);
	if (r >= 0)
		r = tell_finished(s, f, err);
	return r < 0 ? r : store_lease_end(s, f->id, err);
}

int store_operation_finish(struct store *s, const char *id, enum store_operation_state state,
			   const struct wire_failure *failure, struct sp_err *err)
{
	struct finish f = { id, state, failure };

	return store_transact(s, finish, &f, err);
}
