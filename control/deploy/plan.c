/* The comparison; see plan.h. */
#include "control/deploy/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const action_names[] = {
#define X(sym, name, sign) [PLAN_##sym] = name,
	PLAN_ACTIONS(X)
#undef X
};

const char *plan_action_name(enum plan_action action)
{
	return action_names[action];
}

void plan_fini(struct plan *p)
{
	free(p->items);
	*p = (struct plan){ 0 };
}

static void append_name(char *ret, size_t room, const char *name)
{
	size_t len = strlen(ret);

	if (len + strlen(name) + 3 < room)
		snprintf(ret + len, room - len, "%s%s", len ? ", " : "", name);
}

/* What placement decides is not a change of the workload. */
static bool is_placement(const char *key)
{
	return !strcmp(key, "address") || !strcmp(key, "hosts");
}

static void differing_fields(const json_t *old, const json_t *new, char *ret, size_t room)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)new, key, value) {
		if (!is_placement(key) && !json_equal(value, json_object_get(old, key)))
			append_name(ret, room, key);
	}
	json_object_foreach ((json_t *)old, key, value) {
		if (!is_placement(key) && !json_object_get(new, key))
			append_name(ret, room, key);
	}
}

static void explain_update(const struct plan_workload *old, const struct plan_workload *new,
			   char ret[PLAN_REASON_MAX])
{
	char fields[PLAN_REASON_MAX - 16] = "";

	if (old->spec && new->spec)
		differing_fields(old->spec, new->spec, fields, sizeof(fields));
	snprintf(ret, PLAN_REASON_MAX, "%s changed", *fields ? fields : "its specification");
}

/* Rows in the order of their ids, and of one id in their own order, to be searched. */
struct side {
	const struct plan_workload *list;
	const struct plan_workload **sorted;
	size_t n;
};

struct comparison {
	const struct plan_input *in;
	struct side desired, current;
};

static int by_id(const void *a, const void *b)
{
	const struct plan_workload *x = *(const struct plan_workload *const *)a;
	const struct plan_workload *y = *(const struct plan_workload *const *)b;
	int order = strcmp(x->id, y->id);

	return order ? order : (x > y) - (x < y);
}

static int sort_side(const struct plan_workload *list, size_t n, struct side *ret,
		     struct sp_err *err)
{
	const struct plan_workload **sorted = calloc(n + 1, sizeof(*sorted));

	if (!sorted)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		sorted[i] = &list[i];
	qsort(sorted, n, sizeof(*sorted), by_id);
	*ret = (struct side){ list, sorted, n };
	return 0;
}

/* The last one of that id. */
static size_t find(const struct side *side, const char *id)
{
	size_t low = 0, high = side->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(side->sorted[middle]->id, id) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || strcmp(side->sorted[low - 1]->id, id) != 0)
		return PLAN_NONE;
	return (size_t)(side->sorted[low - 1] - side->list);
}

static void compare(const struct comparison *c, size_t i, struct plan_item *item)
{
	const struct plan_input *in = c->in;
	const struct plan_workload *new = &in->desired[i], *old;

	item->desired = i;
	item->current = find(&c->current, new->id);
	if (item->current == PLAN_NONE) {
		item->action = PLAN_CREATE;
		snprintf(item->reason, sizeof(item->reason), "it is new");
		return;
	}
	old = &in->current[item->current];
	item->action = PLAN_UPDATE;
	if (strcmp(old->template, new->template) != 0) {
		explain_update(old, new, item->reason);
	} else if (in->distrust) {
		snprintf(item->reason, sizeof(item->reason),
			 "told again: the last operation did not come to its end");
	} else {
		item->action = PLAN_KEEP;
		snprintf(item->reason, sizeof(item->reason), "nothing changed");
	}
}

/* A leftover on another node than the last one of the same id. */
static bool is_stray(const struct comparison *c, size_t i)
{
	const struct plan_input *in = c->in;
	size_t last = find(&c->current, in->current[i].id);

	return last != i && strcmp(in->current[last].node, in->current[i].node) != 0;
}

static bool is_removed(const struct comparison *c, size_t i, struct plan_item *item)
{
	const struct plan_input *in = c->in;
	const char *id = in->current[i].id;

	if (find(&c->desired, id) != PLAN_NONE) {
		if (!is_stray(c, i))
			return false;
		snprintf(item->reason, sizeof(item->reason), "it was left on %s",
			 in->current[i].node);
	} else {
		if (find(&c->current, id) != i && !is_stray(c, i))
			return false;
		snprintf(item->reason, sizeof(item->reason), "it is no longer in the stack");
	}
	item->action = PLAN_REMOVE;
	item->desired = PLAN_NONE;
	item->current = i;
	return true;
}

static int list_items(const struct comparison *c, struct plan *ret, struct sp_err *err)
{
	const struct plan_input *in = c->in;
	struct plan p = { .items = calloc(in->n_desired + in->n_current + 1, sizeof(*p.items)) };

	if (!p.items)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < in->n_desired; i++)
		compare(c, i, &p.items[p.n++]);
	for (size_t i = 0; i < in->n_current; i++)
		if (is_removed(c, i, &p.items[p.n]))
			p.n++;
	for (size_t i = 0; i < p.n; i++)
		p.counts[p.items[i].action]++;
	*ret = p;
	return 0;
}

int plan_make(const struct plan_input *in, struct plan *ret, struct sp_err *err)
{
	struct comparison c = { .in = in };
	int r = sort_side(in->desired, in->n_desired, &c.desired, err);

	if (r == 0)
		r = sort_side(in->current, in->n_current, &c.current, err);
	if (r == 0)
		r = list_items(&c, ret, err);
	free(c.desired.sorted);
	free(c.current.sorted);
	return r;
}

void plan_turn_to_update(struct plan *p, size_t item, const char *fmt, ...)
{
	struct plan_item *i = &p->items[item];
	va_list ap;

	p->counts[i->action]--;
	i->action = PLAN_UPDATE;
	p->counts[PLAN_UPDATE]++;
	va_start(ap, fmt);
	vsnprintf(i->reason, sizeof(i->reason), fmt, ap);
	va_end(ap);
}

bool plan_is_empty(const struct plan *p)
{
	return p->counts[PLAN_KEEP] == p->n;
}

void plan_summary(const struct plan *p, char *ret, size_t room)
{
	snprintf(ret, room, "%zu to create, %zu to update, %zu unchanged, %zu to remove",
		 p->counts[PLAN_CREATE], p->counts[PLAN_UPDATE], p->counts[PLAN_KEEP],
		 p->counts[PLAN_REMOVE]);
}
