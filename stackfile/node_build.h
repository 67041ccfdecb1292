/*
 * Building the tree while it is parsed: what libyaml's events (node_parse.c) and merge keys
 * (node_merge.c) share. Private to the parser.
 */
#pragma once

#include <yaml.h>

#include "stackfile/node.h"

#define NODE_ANCHORS_MAX 1024
#define NODE_ENTRIES_MAX 4096 /* of one list or map */

struct anchor {
	char *name;
	struct node *node;
};

struct parser {
	yaml_parser_t yaml;
	struct stack_arena *arena;
	struct stack_report *report;
	const char *file;
	struct anchor *anchors;
	size_t n_anchors;
	unsigned depth;
	bool stopped; /* no further event makes sense */
};

/* A problem that the parse survives; operand (NULL: none) is quoted after the text. */
void parser_complain(struct parser *p, enum stack_code code, struct stack_position at,
		     const char *text, const char *operand);
/* One that it does not survive: told once; returns NULL for `return`. */
struct node *parser_stop(struct parser *p, enum stack_code code, struct stack_position at,
			 const char *text, const char *operand);
/* Copy entry to the end of n, with the weight of its value; false when the parse is stopped. */
bool parser_entry_add(struct parser *p, struct node *n, const struct node_entry *entry);

/*
 * Add what a merge key stands for: value is a map, or a list of maps. The map's own keys win over
 * merged ones, an earlier merged map over a later one.
 */
void parser_merge(struct parser *p, struct node *into, const struct node_entry *merge);
