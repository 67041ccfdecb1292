/*
 * Operations whose worker is gone. Nothing is undone or repeated here: they become `interrupted`
 * and their journal says how far they came.
 */
#include <stdio.h>
#include <string.h>

#include "control/store_operation.h"
#include "control/store_stack.h"

#define RECOVER_MAX 256 /* in one round; more are taken by the next */

struct orphan {
	char id[STORE_NAME_MAX], stack[STORE_NAME_MAX], kind[16];
};

struct progress {
	int64_t steps, done;
	int running; /* number of the step it was in; 0: between two */
	char name[STORE_NAME_MAX], node[STORE_NAME_MAX], resource[128];
};

static int list_orphans(struct store *s, struct orphan *list, size_t *n, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT id, stack, kind FROM operations WHERE state = 'running'"
			  " ORDER BY number");

	*n = 0;
	while (r >= 0 && *n < RECOVER_MAX && (r = db_next(rows, err)) > 0) {
		struct orphan *o = &list[(*n)++];

		db_text_into(rows, 0, o->id, sizeof(o->id));
		db_text_into(rows, 1, o->stack, sizeof(o->stack));
		db_text_into(rows, 2, o->kind, sizeof(o->kind));
	}
	return r < 0 ? r : 0;
}

static int read_progress(struct store *s, const char *id, struct progress *p, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT number, state, name, node, resource FROM steps"
			  " WHERE operation = $1 ORDER BY number",
			  DB_S(id));

	while (r >= 0 && (r = db_next(rows, err)) > 0) {
		const char *state = db_text(rows, 1);

		p->steps++;
		p->done += !strcmp(state, "done") || !strcmp(state, "skipped");
		if (strcmp(state, "running") != 0)
			continue;
		p->running = (int)db_number(rows, 0);
		db_text_into(rows, 2, p->name, sizeof(p->name));
		db_text_into(rows, 3, p->node, sizeof(p->node));
		db_text_into(rows, 4, p->resource, sizeof(p->resource));
	}
	return r < 0 ? r : 0;
}

static void describe(const struct orphan *o, const struct progress *p, struct wire_failure *f)
{
	struct sp_err e;

	if (p->running)
		sp_fail(&e, SP_E_INTERRUPTED,
			"controld ended during step %d, %s%s%s; %lld of %lld steps are done",
			p->running, p->name, *p->resource ? " of " : "", p->resource,
			(long long)p->done, (long long)p->steps);
	else
		sp_fail(&e, SP_E_INTERRUPTED, "controld ended; %lld of %lld steps are done",
			(long long)p->done, (long long)p->steps);
	wire_failure_init(f, &e, "controld");
	snprintf(f->node, sizeof(f->node), "%s", p->node);
	snprintf(f->resource, sizeof(f->resource), "%s", p->resource);
	snprintf(f->step, sizeof(f->step), "%s", p->name);
	snprintf(f->next, sizeof(f->next), "ctl op show %s, then ctl %s again", o->id, o->kind);
}

static int interrupt_one(struct store *s, void *state, struct sp_err *err)
{
	const struct orphan *o = state;
	struct progress p = { 0 };
	struct wire_failure f;
	struct store_stack st;
	int r = read_progress(s, o->id, &p, err);

	if (r < 0)
		return r;
	describe(o, &p, &f);
	if (p.running)
		r = store_step_set(s, o->id, p.running, STORE_STEP_FAILED,
				   "controld ended while this ran", &f, err);
	if (r == 0)
		r = store_operation_finish(s, o->id, STORE_OPERATION_INTERRUPTED, &f, err);
	if (r == 0 && store_stack_get(s, o->stack, &st, NULL) == 0)
		r = store_stack_set_state(s, o->stack, STORE_STACK_INTERRUPTED, o->id, err);
	return r;
}

int store_operation_recover(struct store *s, struct sp_err *err)
{
	struct orphan list[RECOVER_MAX];
	size_t n;
	int r = list_orphans(s, list, &n, err);

	for (size_t i = 0; r >= 0 && i < n; i++)
		r = store_transact(s, interrupt_one, &list[i], err);
	return r < 0 ? r : (int)n;
}
