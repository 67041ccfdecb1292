/* What a stack tells others: a value, or a key of the stack's state. */
#include "stackfile/outputs.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "stackfile/keys.h"
#include "stackfile/openly.h"
#include "stackfile/output_parts.h"
#include "stackfile/scalar.h"

bool output_name_valid(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_-.", name[i]))
			return false;
	return n && n <= SP_ID_MAX;
}

static void read_state_key(const struct value *v, void *field)
{
	const char *text = value_text(v, "a key of the stack's state");

	if (text && sp_id_valid(text))
		*(char **)field = v->node->text;
	else if (text)
		value_refuse(v, STACK_CODE_VALUE,
			     "is '%s': a key has lower-case letters, digits, '_', '-' and '.', at "
			     "most %d",
			     text, SP_ID_MAX);
}

static void read_value(const struct value *v, void *output)
{
	struct stack_output *o = output;

	o->open = openly_written(v->node);
	o->written = v->node->kind == NODE_SCALAR ? v->node->text : NULL;
	if (v->node->kind == NODE_SCALAR && v->node->refers)
		output_parts_read(v, o);
	else
		read_text(v, &o->value);
}

static const struct key output_keys[] = {
	{ "value", read_value, 0, "the value; may refer to services, as told above" },
	{ "state", read_state_key, offsetof(struct stack_output, state),
	  "or the key of the stack's state that holds it, as a task set it" },
	{ "sensitive", read_bool, offsetof(struct stack_output, sensitive),
	  "`true`: shown only on request; default `false`" },
};
KEY_TABLE(keys_output, "x-stackpilot.outputs.NAME", output_keys, false);

static void output_map(const struct value *v, struct stack_output *o)
{
	bool value = node_find(v->node, "value"), state = node_find(v->node, "state");

	key_table_read(&keys_output, v, o);
	if (value == state)
		value_refuse(v, value ? STACK_CODE_CONFLICT : STACK_CODE_MISSING,
			     "needs 'value' or 'state'%s", value ? ", not both" : "");
}

static void output_add(const struct value *v, void *stack)
{
	struct stack *s = stack;
	struct stack_output *o = value_push(v, &s->outputs, &s->n_outputs, sizeof(*o));

	if (!o)
		return;
	o->name = stack_arena_dup(v->r->arena, v->key);
	o->at = v->key_at;
	if (!output_name_valid(v->key))
		value_refuse_key(v, STACK_CODE_VALUE, NULL,
				 "is no name for an output: letters, digits, '_', '-' and '.', at "
				 "most %d",
				 SP_ID_MAX);
	if (v->node->kind == NODE_MAP)
		output_map(v, o);
	else
		read_value(v, o);
}

void read_outputs(const struct value *v, void *stack)
{
	value_each_entry(v, output_add, stack);
}
