/* Nodes; see node.h. */
#include "control/store/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/store/event.h"

static const char *const state_names[] = {
#define X(sym, name) [STORE_NODE_##sym] = name,
	STORE_NODE_STATES(X)
#undef X
};

#define COLUMNS                                                                                 \
	"name, address, port, subnet, key_id, state, joined_at, last_seen, event_cursor, info," \
	" error"

const char *store_node_state_name(enum store_node_state state)
{
	return state_names[state];
}

static enum store_node_state parse_state(const char *name)
{
	for (size_t i = 0; i < SP_COUNT(state_names); i++)
		if (sp_str_eq(name, state_names[i]))
			return (enum store_node_state)i;
	return STORE_NODE_UNREACHABLE;
}

void store_node_fini(struct store_node *n)
{
	json_decref(n->info);
	n->info = NULL;
}

void store_nodes_fini(struct store_nodes *n)
{
	for (size_t i = 0; i < n->n; i++)
		store_node_fini(&n->list[i]);
	free(n->list);
	*n = (struct store_nodes){ 0 };
}

static void read_node(const struct db_rows *rows, struct store_node *n)
{
	const char *info = db_text(rows, 9);

	*n = (struct store_node){ 0 };
	db_text_into(rows, 0, n->name, sizeof(n->name));
	db_text_into(rows, 1, n->address, sizeof(n->address));
	n->port = (uint16_t)db_number(rows, 2);
	n->subnet = (int)db_number(rows, 3);
	db_text_into(rows, 4, n->key_id, sizeof(n->key_id));
	n->state = parse_state(db_text(rows, 5));
	n->joined_at_ns = db_number(rows, 6);
	n->last_seen_ns = db_number(rows, 7);
	n->event_cursor = db_number(rows, 8);
	n->info = info ? json_loads(info, 0, NULL) : NULL;
	db_text_into(rows, 10, n->error, sizeof(n->error));
}

int store_node_get(struct store *s, const char *name, struct store_node *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err, "SELECT " COLUMNS " FROM nodes WHERE name = $1",
			  DB_S(name));

	r = store_first(r, rows, "node", name, err);
	if (r == 0)
		read_node(rows, ret);
	return r;
}

int store_node_list(struct store *s, struct store_nodes *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autonodes struct store_nodes nodes = { 0 };
	int r = db_select(store_db(s), &rows, err, "SELECT " COLUMNS " FROM nodes ORDER BY name");

	if (r < 0)
		return r;
	while ((r = db_next(rows, err)) > 0) {
		struct store_node *list =
			reallocarray(nodes.list, nodes.n + 1, sizeof(*nodes.list));

		if (!list)
			return sp_fail_nomem(err);
		nodes.list = list;
		read_node(rows, &nodes.list[nodes.n++]);
	}
	if (r < 0)
		return r;
	*ret = nodes;
	nodes = (struct store_nodes){ 0 };
	return 0;
}

static int lowest_free_subnet(struct store *s, int *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int subnet = 1;
	int r = db_select(store_db(s), &rows, err, "SELECT subnet FROM nodes ORDER BY subnet");

	if (r < 0)
		return r;
	while ((r = db_next(rows, err)) > 0 && db_number(rows, 0) == subnet)
		subnet++;
	if (r < 0)
		return r;
	if (subnet > STORE_SUBNET_MAX)
		return sp_fail(err, SP_E_UNPLACEABLE, "all %d node subnets are taken",
			       STORE_SUBNET_MAX);
	*ret = subnet;
	return 0;
}

/* 1: the name is free; 0: its row may be taken over, and gives the subnet. */
static int check_name(struct store *s, struct store_node *n, struct sp_err *err)
{
	autonode struct store_node old = { 0 };
	struct sp_err ignored;
	int r = store_node_get(s, n->name, &old, &ignored);

	if (r == -ENOENT)
		return 1;
	if (r < 0) {
		if (err)
			*err = ignored;
		return r;
	}
	if (old.state == STORE_NODE_READY && strcmp(old.key_id, n->key_id))
		return sp_fail(err, SP_E_CONFLICT,
			       "the name '%s' is taken by another live node at %s", n->name,
			       old.address);
	n->subnet = old.subnet;
	return 0;
}

static int join(struct store *s, void *state, struct sp_err *err)
{
	struct store_node *n = state;
	struct store_event event = { .type = "node.joined",
				     .node = n->name,
				     .message = n->address };
	int r = check_name(s, n, err);

	if (r == 1)
		r = lowest_free_subnet(s, &n->subnet, err);
	if (r >= 0)
		r = db_write(store_db(s), err,
			     "INSERT INTO nodes (name, address, port, subnet, key_id, state,"
			     " joined_at, last_seen, event_cursor)"
			     " VALUES ($1, $2, $3, $4, $5, 'joining', $6, 0, 0)"
			     " ON CONFLICT (name) DO UPDATE SET address = excluded.address,"
			     " port = excluded.port, key_id = excluded.key_id,"
			     " state = excluded.state, joined_at = excluded.joined_at",
			     DB_S(n->name), DB_S(n->address), DB_I(n->port), DB_I(n->subnet),
			     DB_S(n->key_id), DB_I(sp_time_real_ns()));
	if (r >= 0)
		r = store_event_append(s, &event, err);
	return r < 0 ? r : 0;
}

int store_node_join(struct store *s, struct store_node *n, struct sp_err *err)
{
	return store_transact(s, join, n, err);
}

static int refuse_if_placed(struct store *s, const char *name, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT id FROM workloads WHERE node = $1 ORDER BY id LIMIT 1",
			  DB_S(name));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		return sp_fail(err, SP_E_CONFLICT, "workload '%s' is placed on node '%s'",
			       db_text(rows, 0), name);
	return r;
}

static int remove_node(struct store *s, void *state, struct sp_err *err)
{
	const char *name = state;
	struct store_event event = { .type = "node.removed", .node = name };
	int r = refuse_if_placed(s, name, err);

	if (r == 0)
		r = db_write(store_db(s), err, "DELETE FROM addresses WHERE node = $1", DB_S(name));
	if (r >= 0)
		r = db_write(store_db(s), err, "DELETE FROM nodes WHERE name = $1", DB_S(name));
	if (r == 0)
		return sp_fail(err, SP_E_NOT_FOUND, "there is no node '%s'", name);
	return r < 0 ? r : store_event_append(s, &event, err);
}

int store_node_remove(struct store *s, const char *name, struct sp_err *err)
{
	return store_transact(s, remove_node, (void *)name, err);
}

struct state_change {
	const char *name;
	enum store_node_state state;
	const json_t *info;
	const char *reason;
};

static int set_state(struct store *s, void *state, struct sp_err *err)
{
	const struct state_change *c = state;
	bool ready = c->state == STORE_NODE_READY;
	struct store_event event = { .type = ready ? "node.ready" : "node.unreachable",
				     .node = c->name,
				     .message = c->reason };
	int r = db_write(store_db(s), err,
			 "UPDATE nodes SET state = $1, error = $2 WHERE name = $3 AND state <> $1",
			 DB_S(store_node_state_name(c->state)), DB_S(ready ? NULL : c->reason),
			 DB_S(c->name));

	if (r == 1)
		r = store_event_append(s, &event, err);
	if (r >= 0 && ready)
		r = store_node_seen(s, c->name, c->info, err);
	return r < 0 ? r : 0;
}

int store_node_set_state(struct store *s, const char *name, enum store_node_state state,
			 const json_t *info, const char *reason, struct sp_err *err)
{
	struct state_change c = { name, state, info, reason };

	return store_transact(s, set_state, &c, err);
}

int store_node_seen(struct store *s, const char *name, const json_t *info, struct sp_err *err)
{
	autofree char *text = info ? sp_json_text(info) : NULL;
	int r;

	if (info && !text)
		return sp_fail_nomem(err);
	r = store_write(
		s, err,
		"UPDATE nodes SET last_seen = $1, info = COALESCE($2, info) WHERE name = $3",
		DB_I(sp_time_real_ns()), DB_S(text), DB_S(name));
	return r < 0 ? r : 0;
}
