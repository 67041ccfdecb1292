/* Stacks; see stack.h. */
#include "control/store/stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "control/store/stack_event.h"

static const char *const state_names[] = {
#define X(sym, name) [STORE_STACK_##sym] = name,
	STORE_STACK_STATES(X)
#undef X
};

const char *store_stack_state_name(enum store_stack_state state)
{
	return state_names[state];
}

static void read_stack(const struct db_rows *rows, struct store_stack *st)
{
	*st = (struct store_stack){ 0 };
	db_text_into(rows, 0, st->name, sizeof(st->name));
	st->revision = db_number(rows, 1);
	db_text_into(rows, 2, st->digest, sizeof(st->digest));
	db_text_into(rows, 3, st->operation, sizeof(st->operation));
	db_text_into(rows, 4, st->state, sizeof(st->state));
	st->updated_at_ns = db_number(rows, 5);
	st->expires_at_ns = db_number(rows, 6);
}

int store_stack_get(struct store *s, const char *name, struct store_stack *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT name, revision, digest, operation, state, updated_at, expires_at"
			  " FROM stacks WHERE name = $1",
			  DB_S(name));

	r = store_first(r, rows, "stack", name, err);
	if (r == 0)
		read_stack(rows, ret);
	return r;
}

void store_stacks_fini(struct store_stacks *st)
{
	free(st->list);
	*st = (struct store_stacks){ 0 };
}

int store_stack_list(struct store *s, struct store_stacks *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autostacks struct store_stacks stacks = { 0 };
	int r = db_select(store_db(s), &rows, err,
			  "SELECT name, revision, digest, operation, state, updated_at, expires_at"
			  " FROM stacks ORDER BY name");

	while (r >= 0 && (r = db_next(rows, err)) > 0) {
		struct store_stack *list =
			reallocarray(stacks.list, stacks.n + 1, sizeof(*stacks.list));

		if (!list)
			return sp_fail_nomem(err);
		stacks.list = list;
		read_stack(rows, &stacks.list[stacks.n++]);
	}
	if (r < 0)
		return r;
	*ret = stacks;
	stacks = (struct store_stacks){ 0 };
	return 0;
}

struct change {
	const char *stack, *operation;
	enum store_stack_state state;
	bool failed; /* is what is told */
};

/* 1: it was there already. */
static int update_state(struct store *s, const struct change *c, int64_t now_ns, struct sp_err *err)
{
	return db_write(store_db(s), err,
			"UPDATE stacks SET state = $2, operation = $3, updated_at = $4"
			" WHERE name = $1",
			DB_S(c->stack), DB_S(state_names[c->state]), DB_S(c->operation),
			DB_I(now_ns));
}

static int insert(struct store *s, const struct change *c, int64_t now_ns, struct sp_err *err)
{
	int r = db_write(store_db(s), err,
			 "INSERT INTO stacks (name, revision, state, digest, operation, updated_at)"
			 " VALUES ($1, 0, $2, '', $3, $4)",
			 DB_S(c->stack), DB_S(state_names[c->state]), DB_S(c->operation),
			 DB_I(now_ns));

	return r < 0 ? r : stack_tell_created(s, c->stack, c->state, c->operation, err);
}

static int change_state(struct store *s, void *state, struct sp_err *err)
{
	const struct change *c = state;
	int64_t now_ns = sp_time_real_ns();
	int r = update_state(s, c, now_ns, err);

	if (r == 0)
		r = insert(s, c, now_ns, err);
	if (r < 0)
		return r;
	return c->failed ? stack_tell_failed(s, c->stack, store_stack_state_name(c->state),
					     c->operation, err)
			 : stack_tell_state(s, c->stack, c->state, c->operation, err);
}

int store_stack_set_state(struct store *s, const char *name, enum store_stack_state state,
			  const char *operation, struct sp_err *err)
{
	struct change c = { name, operation, state, false };

	return store_transact(s, change_state, &c, err);
}

int store_stack_fail(struct store *s, const char *name, enum store_stack_state state,
		     const char *operation, struct sp_err *err)
{
	struct change c = { name, operation, state, true };

	return store_transact(s, change_state, &c, err);
}

static int tell_untouched(struct store *s, void *state, struct sp_err *err)
{
	const struct change *c = state;
	struct store_stack stack = { 0 };
	int r = store_stack_get(s, c->stack, &stack, err);

	if (r < 0 && err->code != SP_E_NOT_FOUND)
		return r;
	return stack_tell_failed(s, c->stack, r < 0 ? "" : stack.state, c->operation, err);
}

int store_stack_untouched(struct store *s, const char *name, const char *operation,
			  struct sp_err *err)
{
	struct change c = { .stack = name, .operation = operation };

	return store_transact(s, tell_untouched, &c, err);
}

struct commit {
	const char *stack;
	int64_t revision;
};

/* An address stays while any row of its workload on that node does. */
static int free_addresses(struct store *s, struct sp_err *err)
{
	int r = db_write(store_db(s), err,
			 "DELETE FROM addresses WHERE NOT EXISTS (SELECT 1 FROM workloads w"
			 " WHERE w.id = addresses.workload AND w.node = addresses.node)");

	return r < 0 ? r : 0;
}

static int commit_revision(struct store *s, void *state, struct sp_err *err)
{
	const struct commit *c = state;
	int r = db_write(store_db(s), err,
			 "UPDATE stacks SET revision = $2, digest = COALESCE((SELECT digest FROM"
			 " revisions WHERE stack = $1 AND revision = $2), '') WHERE name = $1"
			 " AND revision <> $2",
			 DB_S(c->stack), DB_I(c->revision));

	if (r > 0)
		r = stack_tell_updated(s, c->stack, err);
	if (r >= 0)
		r = db_write(store_db(s), err,
			     "DELETE FROM workloads WHERE stack = $1"
			     " AND (revision <> $2 OR condition = 'task')",
			     DB_S(c->stack), DB_I(c->revision));
	return r < 0 ? r : free_addresses(s, err);
}

int store_stack_commit(struct store *s, const char *stack, int64_t revision, struct sp_err *err)
{
	struct commit c = { stack, revision };

	return store_transact(s, commit_revision, &c, err);
}

static int drop_revision(struct store *s, void *state, struct sp_err *err)
{
	const struct commit *c = state;
	int r = db_write(store_db(s), err,
			 "DELETE FROM workloads WHERE stack = $1 AND revision = $2", DB_S(c->stack),
			 DB_I(c->revision));

	return r < 0 ? r : free_addresses(s, err);
}

int store_revision_drop(struct store *s, const char *stack, int64_t revision, struct sp_err *err)
{
	struct commit c = { stack, revision };

	return store_transact(s, drop_revision, &c, err);
}

static int remove_stack(struct store *s, void *state, struct sp_err *err)
{
	const struct change *c = state;
	int r = db_write(store_db(s), err, "DELETE FROM workloads WHERE stack = $1",
			 DB_S(c->stack));

	if (r >= 0)
		r = free_addresses(s, err);
	if (r >= 0)
		r = db_write(store_db(s), err, "DELETE FROM stacks WHERE name = $1",
			     DB_S(c->stack));
	return r > 0 ? stack_tell_destroyed(s, c->stack, c->operation, err) : r;
}

int store_stack_remove(struct store *s, const char *stack, const char *operation,
		       struct sp_err *err)
{
	struct change c = { .stack = stack, .operation = operation };

	return store_transact(s, remove_stack, &c, err);
}
