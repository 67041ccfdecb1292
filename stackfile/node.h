/*
 * The tree of a YAML document: every scalar, list and map with its line and column.
 *
 * Aliases share nodes, so the tree is a directed graph without cycles; `weight` counts the nodes as
 * if each alias were written out, and the parser bounds it. Nodes live in the stack's arena and are
 * not changed once interpolation is over.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "stackfile/arena.h"
#include "stackfile/report.h"
#include "stackfile/stack.h"

#define NODE_DEPTH_MAX  32
#define NODE_WEIGHT_MAX 50000         /* nodes, every alias written out */
#define NODE_TEXT_MAX   (1024 * 1024) /* bytes of a stack file */

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node;

/* An entry of a map, or of a list (key NULL). */
struct node_entry {
	char *key;
	struct stack_position at; /* of the key, or of the item */
	struct node *value;
};

struct node {
	enum node_kind kind;
	struct stack_position at;
	char *text;  /* scalar: NUL-terminated, holds no other NUL */
	bool plain;  /* scalar without quotes: may be null, a boolean or a number */
	int indent;  /* scalar: columns from `at` to the first byte of text; -1: not on one line */
	bool refers; /* scalar: it has references to services (output_parts.h), and its dollar signs
			are doubled */
	char *source; /* scalar: as it stands in the file, where it names a variable and its text
			 may come from outside; NULL otherwise */
	bool interpolated, open; /* scalar: done already; collection: not closed yet */
	struct node_entry *entries;
	size_t n, weight, height;
};

struct node_source {
	const char *file; /* for diagnostics */
	const char *text;
	size_t len;
};

/* Parse one document into the arena. NULL when the report has an error or the arena gave out; an
 * empty document is an error too. */
struct node *node_parse(struct stack_arena *arena, const struct node_source *source,
			struct stack_report *report);

const struct node_entry *node_find(const struct node *map, const char *key); /* or NULL */
bool node_is_null(const struct node *n);          /* a plain null, ~ or nothing */
const char *node_kind_name(const struct node *n); /* "a list", "a map", "nothing", "a string" */
