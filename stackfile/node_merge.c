/* Merge keys (`<<`, YAML 1.1 "Merge Key Language-Independent Type"), which Compose files live by.
 */
#include "stackfile/node_build.h"

static void merge_map(struct parser *p, struct node *into, const struct node *from)
{
	for (size_t i = 0; i < from->n && !p->stopped; i++) {
		struct node_entry e = from->entries[i];

		if (!node_find(into, e.key))
			parser_entry_add(p, into, &e);
	}
}

static void refuse(struct parser *p, struct stack_position at)
{
	parser_complain(p, STACK_CODE_TYPE, at, "'<<' takes a map or a list of maps", NULL);
}

void parser_merge(struct parser *p, struct node *into, const struct node_entry *merge)
{
	const struct node *from = merge->value;

	switch (from->kind) {
	case NODE_SCALAR:
		refuse(p, merge->at);
		break;
	case NODE_MAP:
		merge_map(p, into, from);
		break;
	case NODE_LIST:
		for (size_t i = 0; i < from->n; i++)
			if (from->entries[i].value->kind == NODE_MAP)
				merge_map(p, into, from->entries[i].value);
			else
				refuse(p, from->entries[i].at);
		break;
	}
}
