/*
 * Other stacks that this one requires. An output of theirs becomes a variable of the environment by
 * `from_output: {DATABASE_URL: network/database_url}`: its value is known when the stack is
 * deployed, not when the file is read, so it has no `${...}` of its own.
 */
#include "stackfile/requires.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "stackfile/document.h"
#include "stackfile/env_list.h"
#include "stackfile/keys.h"
#include "stackfile/outputs.h"
#include "stackfile/scalar.h"

static void read_output_names(const struct value *v, void *field)
{
	char ***names = field;

	read_strings(v, names);
	for (size_t i = 0; *names && (*names)[i]; i++)
		if (!output_name_valid((*names)[i]))
			value_refuse(v, STACK_CODE_VALUE, "has '%s', which is no name of an output",
				     (*names)[i]);
}

static const struct key require_keys[] = {
	{ "outputs", read_output_names, offsetof(struct stack_require, outputs),
	  "outputs it must have" },
};
KEY_TABLE(keys_require, "x-stackpilot.requires.STACK", require_keys, false);

static struct stack_require *require_add(const struct value *v, const char *name, struct stack *s)
{
	struct stack_require *slot;

	if (!stack_name_valid(name))
		value_refuse(v, STACK_CODE_VALUE, "names '%s', which cannot be a stack", name);
	else if (sp_str_eq(name, s->name))
		value_refuse(v, STACK_CODE_CYCLE, "names the stack itself");
	else if (stack_require_find(s, name))
		value_refuse(v, STACK_CODE_DUPLICATE, "names '%s' a second time", name);
	slot = value_push(v, &s->requires, &s->n_requires, sizeof(*slot));
	if (slot)
		*slot = (struct stack_require){ .stack = stack_arena_dup(v->r->arena, name),
						.at = v->key ? v->key_at : v->node->at };
	return slot;
}

static void require_entry(const struct value *v, void *stack)
{
	struct stack_require *require = require_add(v, v->key, stack);

	if (require && !node_is_null(v->node))
		key_table_read(&keys_require, v, require);
}

static void require_item(const struct value *v, void *stack)
{
	const char *name = value_text(v, "the name of a stack");

	if (name)
		require_add(v, name, stack);
}

void read_requires(const struct value *v, void *stack)
{
	if (v->node->kind == NODE_MAP)
		value_each_entry(v, require_entry, stack);
	else
		value_each_item(v, require_item, stack);
}

/* ---- from_output ---- */

static void use_add(const struct value *v, void *service)
{
	struct stack_service *s = service;
	const char *text = value_text(v, "STACK/OUTPUT");
	const char *slash = text ? strchr(text, '/') : NULL;
	struct stack_output_use *use;

	if (!text)
		return;
	if (!env_name_valid(v->key, strlen(v->key))) {
		value_refuse_key(v, STACK_CODE_VALUE, NULL, "cannot name a variable");
		return;
	}
	if (!slash || slash == text || !output_name_valid(slash + 1)) {
		value_refuse(v, STACK_CODE_TYPE, "expects STACK/OUTPUT, not '%s'", text);
		return;
	}
	use = value_push(v, &s->from_output, &s->n_from_output, sizeof(*use));
	if (use)
		*use = (struct stack_output_use){
			.variable = stack_arena_dup(v->r->arena, v->key),
			.stack = stack_arena_copy(v->r->arena, text, (size_t)(slash - text)),
			.output = stack_arena_dup(v->r->arena, slash + 1),
			.at = v->node->at,
		};
}

void read_from_output(const struct value *v, void *service)
{
	value_each_entry(v, use_add, service);
}

static bool listed(const struct stack_require *require, const char *output)
{
	for (char **name = require->outputs; name && *name; name++)
		if (!strcmp(*name, output))
			return true;
	return false;
}

static void use_check(struct reader *r, const struct stack_output_use *use,
		      const struct stack_service *s, const char *path)
{
	const struct stack_require *require = stack_require_find(r->stack, use->stack);

	if (!require)
		reader_refuse(r, STACK_CODE_REFERENCE, use->at, path,
			      "uses the stack '%s', which x-stackpilot.requires does not have",
			      use->stack);
	else if (!listed(require, use->output))
		reader_refuse(r, STACK_CODE_REFERENCE, use->at, path,
			      "uses '%s/%s', and x-stackpilot.requires.%s.outputs does not have "
			      "'%s'",
			      use->stack, use->output, use->stack, use->output);
	if (env_list_get(s->environment, use->variable))
		reader_refuse(r, STACK_CODE_CONFLICT, use->at, path,
			      "gives '%s', which the environment has too", use->variable);
}

static void uses_check(struct reader *r, const struct stack_service *s, const char *path)
{
	for (size_t i = 0; i < s->n_from_output; i++)
		use_check(r, &s->from_output[i], s, path);
}

void from_output_check(struct reader *r)
{
	char path[VALUE_PATH_MAX];

	for (size_t i = 0; i < r->stack->n_services; i++) {
		const struct stack_service *s = &r->stack->services[i];

		snprintf(path, sizeof(path), "services.%s.x-stackpilot.from_output", s->name);
		uses_check(r, s, path);
	}
	for (size_t i = 0; i < r->stack->n_tasks; i++) {
		const struct stack_service *s = &r->stack->tasks[i].run;

		snprintf(path, sizeof(path), "x-stackpilot.tasks.%s.from_output", s->name);
		uses_check(r, s, path);
	}
}
