/* Commands; see command.h. */
#include "stackfile/command.h"

#include "stackfile/scalar.h"
#include "stackfile/words.h"

void read_command(const struct value *v, void *field)
{
	char **words;

	if (node_is_null(v->node))
		return;
	if (v->node->kind == NODE_LIST) {
		read_strings(v, field);
		return;
	}
	if (!value_text(v, "a list of arguments or a string"))
		return;
	words = words_split(v->r->arena, v->node->text);
	if (words)
		*(char ***)field = words;
	else if (stack_arena_check(v->r->arena, NULL) == 0)
		value_refuse(v, STACK_CODE_VALUE,
			     "has an open quote, a lone backslash or more than %d words",
			     WORDS_MAX);
}
