/* Dependencies between the services of a stack; see dependencies.h. */
#include "stackfile/dependencies.h"

#include <stdio.h>

#include "base/str.h"
#include "stackfile/keys.h"
#include "stackfile/scalar.h"

static const char *const condition_words[] = { "service_started", "service_healthy",
					       "service_completed_successfully", NULL };

static void read_condition(const struct value *v, void *field)
{
	int i = read_choice(v, condition_words);

	if (i >= 0)
		*(enum stack_condition *)field = (enum stack_condition)i;
}

static const struct key dependency_keys[] = {
	{ "condition", read_condition, offsetof(struct stack_dependency, condition),
	  "`service_started`, `service_healthy` (ready) or `service_completed_successfully`; "
	  "required" },
	{ "restart", read_bool, offsetof(struct stack_dependency, restart),
	  "`true`: restart this service after the other was restarted" },
	{ "required", read_bool, offsetof(struct stack_dependency, required),
	  "`false`: go on without the other, with a warning; default `true`" },
};
KEY_TABLE(keys_dependency, "services.NAME.depends_on.NAME", dependency_keys, true);

static bool service_index(const struct stack *s, const char *name, size_t *ret)
{
	for (size_t i = 0; i < s->n_services; i++)
		if (sp_str_eq(s->services[i].name, name)) {
			*ret = i;
			return true;
		}
	return false;
}

static void dependency_add(const struct value *v, const char *name, struct stack_dependency *d,
			   struct stack_service *s)
{
	struct stack_dependency *slot;

	if (!service_index(v->r->stack, name, &d->service)) {
		value_refuse(v, STACK_CODE_REFERENCE,
			     "depends on '%s', which is not a service of this file", name);
		return;
	}
	for (size_t i = 0; i < s->n_depends_on; i++)
		if (s->depends_on[i].service == d->service) {
			value_refuse(v, STACK_CODE_DUPLICATE, "names '%s' a second time", name);
			return;
		}
	d->at = v->node->at;
	slot = value_push(v, &s->depends_on, &s->n_depends_on, sizeof(*slot));
	if (slot)
		*slot = *d;
}

static void dependency_map(const struct value *v, struct stack_service *s)
{
	for (size_t i = 0; i < v->node->n; i++) {
		struct stack_dependency d = { .required = true };
		struct value item = value_child(v, i);

		if (node_is_null(item.node) || !value_is_map(&item))
			continue;
		key_table_read(&keys_dependency, &item, &d);
		if (!node_find(item.node, "condition"))
			value_refuse(&item, STACK_CODE_MISSING, "has no 'condition'");
		dependency_add(&item, item.key, &d, s);
	}
}

void read_depends_on(const struct value *v, void *service)
{
	if (node_is_null(v->node))
		return;
	if (v->node->kind == NODE_MAP) {
		dependency_map(v, service);
		return;
	}
	for (size_t i = 0; value_is_list(v) && i < v->node->n; i++) {
		struct stack_dependency d = { .required = true };
		struct value item = value_child(v, i);
		const char *name = value_text(&item, "the name of a service");

		if (name)
			dependency_add(&item, name, &d, service);
	}
}

/* ---- the order ---- */

enum mark { NEW, OPEN, DONE };

struct visit {
	size_t service, next; /* next dependency to look at */
};

/* A depth-first walk with its own stack: a chain of services may be long. */
struct walk {
	struct reader *r;
	struct stack *stack;
	enum mark *marks;
	struct visit *path;
	size_t depth, n_order;
};

static void refuse_cycle(struct walk *w, const struct stack_dependency *closing)
{
	const struct stack *s = w->stack;
	autobuf struct sp_buf text = { 0 };
	char key[VALUE_PATH_MAX];
	size_t from = 0;

	while (w->path[from].service != closing->service)
		from++;
	for (size_t i = from; i < w->depth; i++)
		sp_buf_printf(&text, "%s -> ", s->services[w->path[i].service].name);
	sp_buf_puts(&text, s->services[closing->service].name);
	snprintf(key, sizeof(key), "services.%s.depends_on",
		 s->services[w->path[w->depth - 1].service].name);
	reader_refuse(w->r, STACK_CODE_CYCLE, closing->at, key, "closes a circle: %s",
		      text.data ? text.data : "");
}

static void enter(struct walk *w, size_t service)
{
	w->marks[service] = OPEN;
	w->path[w->depth++] = (struct visit){ service, 0 };
}

static void walk_from(struct walk *w, size_t start)
{
	enter(w, start);
	while (w->depth) {
		struct visit *at = &w->path[w->depth - 1];
		const struct stack_service *s = &w->stack->services[at->service];
		const struct stack_dependency *d;

		if (at->next == s->n_depends_on) {
			w->marks[at->service] = DONE;
			w->stack->start_order[w->n_order++] = at->service;
			w->depth--;
			continue;
		}
		d = &s->depends_on[at->next++];
		if (w->marks[d->service] == OPEN)
			refuse_cycle(w, d);
		else if (w->marks[d->service] == NEW)
			enter(w, d->service);
	}
}

void start_order_find(struct reader *r)
{
	struct stack *s = r->stack;
	struct walk w = { .r = r, .stack = s };

	w.marks = stack_arena_zalloc(r->arena, s->n_services * sizeof(*w.marks));
	w.path = stack_arena_zalloc(r->arena, s->n_services * sizeof(*w.path));
	s->start_order = stack_arena_zalloc(r->arena, s->n_services * sizeof(*s->start_order));
	if (!w.marks || !w.path || !s->start_order)
		return;
	for (size_t i = 0; i < s->n_services; i++)
		if (w.marks[i] == NEW)
			walk_from(&w, i);
}
