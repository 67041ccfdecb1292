/* The comparison; see plan.h. */
#include "control/plan.h"

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

/* The last current one of that id. */
static size_t find_current(const struct plan_input *in, const char *id)
{
	for (size_t i = in->n_current; i > 0; i--)
		if (!strcmp(in->current[i - 1].id, id))
			return i - 1;
	return PLAN_NONE;
}

static void compare(const struct plan_input *in, size_t i, struct plan_item *item)
{
	const struct plan_workload *new = &in->desired[i], *old;

	item->desired = i;
	item->current = find_current(in, new->id);
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
			 "the last operation did not come to its end");
	} else {
		item->action = PLAN_KEEP;
		snprintf(item->reason, sizeof(item->reason), "nothing changed");
	}
}

static bool is_desired(const struct plan_input *in, const char *id)
{
	for (size_t i = 0; i < in->n_desired; i++)
		if (!strcmp(in->desired[i].id, id))
			return true;
	return false;
}

/* A leftover on another node than the last one of the same id. */
static bool is_stray(const struct plan_input *in, size_t i)
{
	size_t last = find_current(in, in->current[i].id);

	return last != i && strcmp(in->current[last].node, in->current[i].node) != 0;
}

static bool is_removed(const struct plan_input *in, size_t i, struct plan_item *item)
{
	const char *id = in->current[i].id;

	if (is_desired(in, id)) {
		if (!is_stray(in, i))
			return false;
		snprintf(item->reason, sizeof(item->reason), "it was left on %s",
			 in->current[i].node);
	} else {
		if (find_current(in, id) != i && !is_stray(in, i))
			return false;
		snprintf(item->reason, sizeof(item->reason), "it is no longer in the stack");
	}
	item->action = PLAN_REMOVE;
	item->desired = PLAN_NONE;
	item->current = i;
	return true;
}

int plan_make(const struct plan_input *in, struct plan *ret, struct sp_err *err)
{
	struct plan p = { 0 };

	p.items = calloc(in->n_desired + in->n_current + 1, sizeof(*p.items));
	if (!p.items)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < in->n_desired; i++)
		compare(in, i, &p.items[p.n++]);
	for (size_t i = 0; i < in->n_current; i++)
		if (is_removed(in, i, &p.items[p.n]))
			p.n++;
	for (size_t i = 0; i < p.n; i++)
		p.counts[p.items[i].action]++;
	*ret = p;
	return 0;
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
