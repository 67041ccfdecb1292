/* Dependencies between the services of a stack; see dependencies.h. */
#include "stackfile/dependencies.h"

#include "base/str.h"
#include "stackfile/keys.h"
#include "stackfile/order.h"
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

static size_t n_edges(const void *stack, size_t service)
{
	return ((const struct stack *)stack)->services[service].n_depends_on;
}

static struct order_edge edge(const void *stack, size_t service, size_t i)
{
	const struct stack_dependency *d =
		&((const struct stack *)stack)->services[service].depends_on[i];

	return (struct order_edge){ d->service, d->at };
}

static const char *name(const void *stack, size_t service)
{
	return ((const struct stack *)stack)->services[service].name;
}

void start_order_find(struct reader *r)
{
	struct order_graph g = { "services", r->stack, r->stack->n_services, n_edges, edge, name };

	r->stack->start_order = order_find(r, &g);
}
