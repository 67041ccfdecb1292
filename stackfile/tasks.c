/*
 * Tasks: all have their names before the first is read, so that depends_on can be looked up at
 * once.
 */
#include "stackfile/tasks.h"

#include "base/str.h"
#include "base/time.h"
#include "stackfile/container.h"
#include "stackfile/deploy.h"
#include "stackfile/keys.h"
#include "stackfile/order.h"
#include "stackfile/requires.h"
#include "stackfile/scalar.h"

#define TIMEOUT_NS (5 * 60 * SP_NS_PER_S)

/* The rows of a service are read into a task. */
_Static_assert(offsetof(struct stack_task, run) == 0, "a task begins with what it runs");

static void read_when(const struct value *v, void *field)
{
	static const char *const words[] = { "before", "after", NULL };
	int i = read_choice(v, words);

	if (i >= 0)
		*(enum stack_task_when *)field = i ? STACK_AFTER : STACK_BEFORE;
}

static void read_timeout(const struct value *v, void *field)
{
	int64_t ns = -1;

	read_duration(v, &ns);
	if (ns == 0)
		value_refuse(v, STACK_CODE_VALUE, "is 0");
	else if (ns > 0)
		*(int64_t *)field = ns;
}

static bool task_index(const struct stack *s, const char *name, size_t *ret)
{
	for (size_t i = 0; i < s->n_tasks; i++)
		if (sp_str_eq(s->tasks[i].run.name, name)) {
			*ret = i;
			return true;
		}
	return false;
}

static void after_add(const struct value *v, void *task)
{
	const char *name = value_text(v, "the name of a task");
	struct stack_task *t = task;
	size_t index, *slot;

	if (!name)
		return;
	if (!task_index(v->r->stack, name, &index)) {
		value_refuse(v, STACK_CODE_REFERENCE,
			     "depends on '%s', which is not a task of this file", name);
		return;
	}
	for (size_t i = 0; i < t->n_depends_on; i++)
		if (t->depends_on[i] == index) {
			value_refuse(v, STACK_CODE_DUPLICATE, "names '%s' a second time", name);
			return;
		}
	slot = value_push(v, &t->depends_on, &t->n_depends_on, sizeof(*slot));
	if (slot)
		*slot = index;
}

static void read_after(const struct value *v, void *task)
{
	value_each_item(v, after_add, task);
}

static const struct key task_keys[] = {
	{ "when", read_when, offsetof(struct stack_task, when),
	  "`before` (default): before the first service is touched; `after`: once all are ready" },
	{ "depends_on", read_after, 0, "a list of tasks that must have succeeded" },
	{ "timeout", read_timeout, offsetof(struct stack_task, timeout_ns),
	  "of one attempt; default `5m`" },
	{ "retries", read_retries, offsetof(struct stack_task, retries),
	  "further attempts when it fails; default 0" },
	{ "placement", read_placement, 0, "which nodes may run it, as `deploy.placement`" },
	{ "from_output", read_from_output, 0,
	  "`VARIABLE: STACK/OUTPUT`: variables from outputs of stacks it requires" },
};
KEY_TABLE_ALSO(keys_task, "x-stackpilot.tasks.NAME", task_keys, false, &keys_container);

static void task_name(const struct value *v, struct stack *s)
{
	struct stack_task *t = value_push(v, &s->tasks, &s->n_tasks, sizeof(*t));

	if (!t)
		return;
	container_init(&t->run);
	t->timeout_ns = TIMEOUT_NS;
	t->run.name = stack_arena_dup(v->r->arena, v->key);
	t->run.at = v->key_at;
	if (!sp_id_valid(v->key))
		value_refuse_key(v, STACK_CODE_VALUE, NULL,
				 "is no name for a task: lower-case letters, digits, '-', '_' and "
				 "'.', at most %d",
				 SP_ID_MAX);
	else if (stack_service_find(s, v->key))
		value_refuse_key(v, STACK_CODE_CONFLICT, NULL, "is the name of a service too");
}

static void task_read(const struct value *v, struct stack_task *t)
{
	if (!value_is_map(v))
		return;
	key_table_read(&keys_task, v, t);
	container_finish(v, &t->run);
}

/* A task that runs before the services cannot wait for one that runs after them. */
static void when_check(const struct value *v, const struct stack_task *t)
{
	const struct stack *s = v->r->stack;

	for (size_t i = 0; t->when == STACK_BEFORE && i < t->n_depends_on; i++)
		if (s->tasks[t->depends_on[i]].when == STACK_AFTER)
			value_refuse(v, STACK_CODE_CONFLICT,
				     "runs before the services and depends on '%s', which runs "
				     "after them",
				     s->tasks[t->depends_on[i]].run.name);
}

void read_tasks(const struct value *v, void *stack)
{
	struct stack *s = stack;

	if (!value_is_map(v))
		return;
	for (size_t i = 0; i < v->node->n; i++) {
		struct value item = value_child(v, i);

		task_name(&item, s);
	}
	for (size_t i = 0; i < s->n_tasks; i++) {
		struct value item = value_child(v, i);

		task_read(&item, &s->tasks[i]);
	}
	for (size_t i = 0; i < s->n_tasks; i++) {
		struct value item = value_child(v, i);

		when_check(&item, &s->tasks[i]);
	}
}

/* ---- the order ---- */

static size_t n_edges(const void *stack, size_t task)
{
	return ((const struct stack *)stack)->tasks[task].n_depends_on;
}

static struct order_edge edge(const void *stack, size_t task, size_t i)
{
	const struct stack_task *t = &((const struct stack *)stack)->tasks[task];

	return (struct order_edge){ t->depends_on[i], t->run.at };
}

static const char *name(const void *stack, size_t task)
{
	return ((const struct stack *)stack)->tasks[task].run.name;
}

void task_order_find(struct reader *r)
{
	struct order_graph g = {
		"x-stackpilot.tasks", r->stack, r->stack->n_tasks, n_edges, edge, name
	};

	r->stack->task_order = order_find(r, &g);
}
