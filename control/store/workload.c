/* Workloads as placed; see stack.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/store/stack.h"

#define FIRST_ROOM 16

static const char *const gate_names[] = {
	[STORE_GATE_READY] = "ready",
	[STORE_GATE_COMPLETED] = "completed",
	[STORE_GATE_TASK] = "task",
};

void store_workloads_fini(struct store_workloads *w)
{
	for (size_t i = 0; i < w->n; i++)
		free((char *)w->list[i].spec);
	free(w->list);
	*w = (struct store_workloads){ 0 };
}

/* Append it with its spec, which is the list's from then on. */
static int add(struct store_workloads *w, const struct store_workload *one)
{
	size_t room = w->room ? 2 * w->room : FIRST_ROOM;
	struct store_workload *list = w->list;

	if (w->n == w->room) {
		list = reallocarray(w->list, room, sizeof(*list));
		if (!list)
			return sp_fail_nomem(NULL);
		w->list = list;
		w->room = room;
	}
	list[w->n++] = *one;
	return 0;
}

int store_workloads_add(struct store_workloads *w, const struct store_workload *one)
{
	struct store_workload copy = *one;

	copy.spec = strdup(one->spec);
	if (!copy.spec || add(w, &copy) < 0) {
		free((char *)copy.spec);
		return sp_fail_nomem(NULL);
	}
	return 0;
}

/* Specs hold environments: sealed. */
static void place_of(const char *id, int64_t revision, char ret[STORE_PLACE_MAX])
{
	snprintf(ret, STORE_PLACE_MAX, "workloads.spec:%s/%lld", id, (long long)revision);
}

/* brief: the spec may be left out. */
static int read_workload(struct store *s, const struct db_rows *rows, bool brief,
			 struct store_workloads *ret, struct sp_err *err)
{
	autofree char *spec = NULL;
	char place[STORE_PLACE_MAX];
	const char *sealed = db_text(rows, 9);
	struct store_workload w = {
		.revision = db_number(rows, 1),
		.replica = (uint32_t)db_number(rows, 4),
		.position = db_number(rows, 6),
	};
	const char *gate = db_text(rows, 8);
	int r = 0;

	db_text_into(rows, 0, w.id, sizeof(w.id));
	db_text_into(rows, 2, w.stack, sizeof(w.stack));
	db_text_into(rows, 3, w.service, sizeof(w.service));
	db_text_into(rows, 5, w.node, sizeof(w.node));
	db_text_into(rows, 7, w.template, sizeof(w.template));
	for (size_t i = 0; i < SP_COUNT(gate_names); i++)
		if (!strcmp(gate, gate_names[i]))
			w.gate = (enum store_gate)i;
	place_of(w.id, w.revision, place);
	if (*sealed || !brief)
		r = store_unseal(s, place, sealed, &spec, err);
	w.spec = spec;
	if (r == 0)
		r = add(ret, &w) < 0 ? sp_fail_nomem(err) : 0;
	if (r == 0)
		spec = NULL;
	return r;
}

#define COLUMNS "id, revision, stack, service, replica, node, position, template, condition"
#define ORDER   " ORDER BY stack, revision, position, id"
#define BRIEF                                                                \
	"CASE WHEN row_number() OVER (PARTITION BY stack, revision, service" \
	" ORDER BY position, id) = 1 THEN spec ELSE '' END"

/* r: what the select returned. */
static int collect(struct store *s, int r, struct db_rows *rows, bool brief,
		   struct store_workloads *ret, struct sp_err *err)
{
	autoworkloads struct store_workloads list = { 0 };

	while (r >= 0 && (r = db_next(rows, err)) > 0)
		r = read_workload(s, rows, brief, &list, err);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct store_workloads){ 0 };
	return 0;
}

#define OF_STACK " FROM workloads WHERE ($1 = '' OR stack = $1) AND ($2 = 0 OR revision = $2)" ORDER

int store_workload_list(struct store *s, const char *stack, int64_t revision,
			struct store_workloads *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err, "SELECT " COLUMNS ", spec" OF_STACK,
			  DB_S(stack ? stack : ""), DB_I(revision));

	return collect(s, r, rows, false, ret, err);
}

int store_workload_list_brief(struct store *s, const char *stack, int64_t revision,
			      struct store_workloads *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err, "SELECT " COLUMNS ", " BRIEF OF_STACK,
			  DB_S(stack ? stack : ""), DB_I(revision));

	return collect(s, r, rows, true, ret, err);
}

int store_workload_list_others(struct store *s, const char *stack, struct store_workloads *ret,
			       struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT " COLUMNS ", spec FROM workloads WHERE stack <> $1" ORDER,
			  DB_S(stack));

	return collect(s, r, rows, false, ret, err);
}

int store_workload_node(struct store *s, const char *id, char ret_node[STORE_NAME_MAX],
			struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT node FROM workloads WHERE id = $1 ORDER BY revision DESC LIMIT 1",
			  DB_S(id));

	r = store_first(r, rows, "workload", id, err);
	if (r == 0)
		db_text_into(rows, 0, ret_node, STORE_NAME_MAX);
	return r;
}

int store_workload_stack(struct store *s, const char *id, char ret_stack[STORE_NAME_MAX],
			 struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT stack FROM workloads WHERE id = $1 LIMIT 1", DB_S(id));

	r = store_first(r, rows, "workload", id, err);
	if (r == 0)
		db_text_into(rows, 0, ret_stack, STORE_NAME_MAX);
	return r;
}

int store_workload_put(struct store *s, const struct store_workload *w, struct sp_err *err)
{
	autofree char *sealed = NULL;
	char place[STORE_PLACE_MAX];
	int r;

	place_of(w->id, w->revision, place);
	r = store_seal(s, place, w->spec, &sealed, err);
	if (r == 0)
		r = store_write(
			s, err,
			"INSERT INTO workloads (id, revision, stack, service, replica, node,"
			" position, template, condition, spec)"
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
			DB_S(w->id), DB_I(w->revision), DB_S(w->stack), DB_S(w->service),
			DB_I(w->replica), DB_S(w->node), DB_I(w->position), DB_S(w->template),
			DB_S(gate_names[w->gate]), DB_S(sealed));

	return r < 0 ? r : 0;
}
