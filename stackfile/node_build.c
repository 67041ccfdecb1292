/* Building the tree: problems and entries, with the bounds on what a file may grow to. */
#include "stackfile/node_build.h"

void parser_complain(struct parser *p, enum stack_code code, struct stack_position at,
		     const char *text, const char *operand)
{
	struct stack_finding f = {
		.severity = STACK_ERROR, .code = code, .file = p->file, .at = at, .key = ""
	};

	if (operand)
		stack_report_add(p->report, &f, "%s '%s'", text, operand);
	else
		stack_report_add(p->report, &f, "%s", text);
}

struct node *parser_stop(struct parser *p, enum stack_code code, struct stack_position at,
			 const char *text, const char *operand)
{
	if (!p->stopped)
		parser_complain(p, code, at, text, operand);
	p->stopped = true;
	return NULL;
}

/* Add the weight of one more value below n. */
static bool carry(struct parser *p, struct node *n, const struct node *value,
		  struct stack_position at)
{
	n->weight += value->weight;
	if (n->height <= value->height)
		n->height = value->height + 1;
	if (n->weight <= NODE_WEIGHT_MAX)
		return true;
	parser_stop(p, STACK_CODE_LIMIT, at, "too many values, with every alias written out", NULL);
	return false;
}

bool parser_entry_add(struct parser *p, struct node *n, const struct node_entry *entry)
{
	struct node_entry *e;

	if (n->n >= NODE_ENTRIES_MAX) {
		parser_stop(p, STACK_CODE_LIMIT, entry->at, "too many entries in one list or map",
			    NULL);
		return false;
	}
	if (!carry(p, n, entry->value, entry->at))
		return false;
	e = stack_arena_push(p->arena, &n->entries, &n->n, sizeof(*e));
	if (!e) {
		p->stopped = true;
		return false;
	}
	*e = *entry;
	return true;
}
