/* Questions about nodes; see node.h. */
#include "stackfile/node.h"

#include <string.h>

#include "base/str.h"

const struct node_entry *node_find(const struct node *map, const char *key)
{
	for (size_t i = 0; map->kind == NODE_MAP && i < map->n; i++)
		if (sp_str_eq(map->entries[i].key, key))
			return &map->entries[i];
	return NULL;
}

/* The YAML 1.2 core schema's spellings of null. */
bool node_is_null(const struct node *n)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	if (n->kind != NODE_SCALAR || !n->plain)
		return false;
	for (size_t i = 0; i < SP_COUNT(nulls); i++)
		if (!strcmp(n->text, nulls[i]))
			return true;
	return false;
}

const char *node_kind_name(const struct node *n)
{
	switch (n->kind) {
	case NODE_LIST:
		return "a list";
	case NODE_MAP:
		return "a map";
	case NODE_SCALAR:
		break;
	}
	return node_is_null(n) ? "nothing" : "a string";
}
