/*
 * YAML text to nodes, over libyaml's events.
 *
 * Recursion is bounded by NODE_DEPTH_MAX, aliases included; an alias adds the whole weight of what
 * it stands for, so "billion laughs" is refused at the alias that goes too far. A syntax error ends
 * the parse; the problems of keys do not.
 */
#include <string.h>

#include "base/str.h"
#include "stackfile/node_build.h"

static struct stack_position position(yaml_mark_t mark)
{
	return (struct stack_position){ (uint32_t)mark.line + 1, (uint32_t)mark.column + 1 };
}

static bool next(struct parser *p, yaml_event_t *event)
{
	const char *problem;

	if (yaml_parser_parse(&p->yaml, event))
		return true;
	problem = p->yaml.problem ? p->yaml.problem : "out of memory";
	if (p->yaml.error == YAML_READER_ERROR) {
		parser_stop(p, STACK_CODE_SYNTAX, (struct stack_position){ 1, 1 },
			    "the file is not UTF-8 text:", problem);
		return false;
	}
	parser_stop(p, STACK_CODE_SYNTAX, position(p->yaml.problem_mark), problem, NULL);
	return false;
}

static struct node *node_new(struct parser *p, enum node_kind kind, yaml_mark_t mark)
{
	struct node *n = stack_arena_zalloc(p->arena, sizeof(*n));

	if (!n) {
		p->stopped = true;
		return NULL;
	}
	n->kind = kind;
	n->at = position(mark);
	n->weight = n->height = 1;
	return n;
}

/* Only the core schema's own tags; `!reset` and other local ones change the meaning of a file. */
static bool tag_known(const yaml_char_t *tag)
{
	static const char *const known[] = { YAML_STR_TAG, YAML_INT_TAG,  YAML_FLOAT_TAG,
					     YAML_MAP_TAG, YAML_BOOL_TAG, YAML_NULL_TAG,
					     YAML_SEQ_TAG };

	for (size_t i = 0; i < SP_COUNT(known); i++)
		if (!tag || !strcmp((const char *)tag, known[i]))
			return true;
	return false;
}

static void check_tag(struct parser *p, const yaml_char_t *tag, yaml_mark_t mark)
{
	if (!tag_known(tag))
		parser_complain(p, STACK_CODE_UNSUPPORTED, position(mark),
				"not supported yet: the tag", (const char *)tag);
}

static void anchor_add(struct parser *p, const yaml_char_t *name, struct node *node)
{
	struct anchor *a;

	if (!name || !node)
		return;
	if (p->n_anchors >= NODE_ANCHORS_MAX) {
		parser_stop(p, STACK_CODE_LIMIT, node->at, "too many anchors", NULL);
		return;
	}
	a = stack_arena_push(p->arena, &p->anchors, &p->n_anchors, sizeof(*a));
	if (a)
		*a = (struct anchor){ stack_arena_dup(p->arena, (const char *)name), node };
}

/* The latest anchor of that name: YAML lets a name be used again. */
static struct node *alias_read(struct parser *p, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct stack_position at = position(event->start_mark);

	for (size_t i = p->n_anchors; i-- > 0;) {
		struct node *n = p->anchors[i].node;

		if (!sp_str_eq(p->anchors[i].name, name))
			continue;
		if (n->open)
			return parser_stop(p, STACK_CODE_SYNTAX, at,
					   "an alias inside of its own anchor", name);
		if (p->depth + n->height > NODE_DEPTH_MAX)
			return parser_stop(p, STACK_CODE_LIMIT, at,
					   "nested too deeply by the alias", name);
		return n;
	}
	return parser_stop(p, STACK_CODE_SYNTAX, at, "no such anchor:", name);
}

/* Columns count characters, lengths count bytes. */
static size_t characters(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xC0) != 0x80;
	return n;
}

/* The indent of text that stands in the file byte by byte: on one line, nothing escaped. */
static int scalar_indent(const yaml_event_t *event)
{
	size_t quotes = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? 0 : 1;
	size_t span = event->end_mark.column - event->start_mark.column;
	size_t len = characters((const char *)event->data.scalar.value, event->data.scalar.length);

	if (event->start_mark.line != event->end_mark.line || span != len + 2 * quotes)
		return -1;
	return (int)quotes;
}

static struct node *scalar_read(struct parser *p, const yaml_event_t *event)
{
	struct node *n = node_new(p, NODE_SCALAR, event->start_mark);
	const char *text = (const char *)event->data.scalar.value;
	const yaml_char_t *tag = event->data.scalar.tag;

	if (!n)
		return NULL;
	check_tag(p, tag, event->start_mark);
	if (memchr(text, '\0', event->data.scalar.length))
		parser_complain(p, STACK_CODE_SYNTAX, n->at, "a NUL byte in a string", NULL);
	n->text = stack_arena_copy(p->arena, text, event->data.scalar.length);
	n->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		   (!tag || strcmp((const char *)tag, YAML_STR_TAG) != 0);
	n->indent = scalar_indent(event);
	anchor_add(p, event->data.scalar.anchor, n);
	if (n->text)
		return n;
	p->stopped = true;
	return NULL;
}

static struct node *node_read(struct parser *p, const yaml_event_t *event);

static void list_read(struct parser *p, struct node *n)
{
	for (;;) {
		yaml_event_t event;
		bool end;

		if (!next(p, &event))
			return;
		end = event.type == YAML_SEQUENCE_END_EVENT;
		if (!end) {
			struct node_entry e = { .at = position(event.start_mark) };

			e.value = node_read(p, &event);
			if (e.value)
				parser_entry_add(p, n, &e);
		}
		yaml_event_delete(&event);
		if (end || p->stopped)
			return;
	}
}

/* A key must be a plain name: its own node is only made to be read and forgotten. */
static bool key_read(struct parser *p, const yaml_event_t *event, struct node_entry *e,
		     bool *ret_merge)
{
	struct node *key = node_read(p, event);

	if (!key)
		return false;
	e->at = position(event->start_mark);
	*ret_merge = key->kind == NODE_SCALAR && key->plain && !strcmp(key->text, "<<");
	e->key = key->kind == NODE_SCALAR ? key->text : NULL;
	if (!e->key)
		parser_complain(p, STACK_CODE_TYPE, e->at, "a key has to be a string", NULL);
	else if (!*e->key)
		parser_complain(p, STACK_CODE_TYPE, e->at, "a key is empty", NULL);
	return true;
}

/* The entry of a map, or its merge key, which is kept in *merge for the end. */
static void pair_add(struct parser *p, struct node *n, const struct node_entry *e, bool is_merge,
		     struct node_entry *merge)
{
	if (!e->key || !*e->key)
		return; /* complained about already */
	if (is_merge ? merge->value != NULL : node_find(n, e->key) != NULL)
		parser_complain(p, STACK_CODE_DUPLICATE, e->at, "given twice: the key", e->key);
	else if (is_merge)
		*merge = *e;
	else
		parser_entry_add(p, n, e);
}

/* One key and its value; false at the end of the map. */
static bool pair_read(struct parser *p, struct node *n, struct node_entry *merge)
{
	struct node_entry e = { 0 };
	yaml_event_t event;
	bool is_merge = false, ok;

	if (!next(p, &event))
		return false;
	ok = event.type != YAML_MAPPING_END_EVENT && key_read(p, &event, &e, &is_merge);
	yaml_event_delete(&event);
	if (!ok || !next(p, &event))
		return false;
	e.value = node_read(p, &event);
	yaml_event_delete(&event);
	if (!e.value)
		return false;
	pair_add(p, n, &e, is_merge, merge);
	return !p->stopped;
}

static void map_read(struct parser *p, struct node *n)
{
	struct node_entry merge = { 0 };

	while (pair_read(p, n, &merge))
		;
	if (!p->stopped && merge.value)
		parser_merge(p, n, &merge);
}

static struct node *collection_read(struct parser *p, const yaml_event_t *event)
{
	bool list = event->type == YAML_SEQUENCE_START_EVENT;
	const yaml_char_t *tag =
		list ? event->data.sequence_start.tag : event->data.mapping_start.tag;
	struct node *n = node_new(p, list ? NODE_LIST : NODE_MAP, event->start_mark);

	if (!n)
		return NULL;
	if (p->depth >= NODE_DEPTH_MAX)
		return parser_stop(p, STACK_CODE_LIMIT, n->at, "nested too deeply", NULL);
	check_tag(p, tag, event->start_mark);
	anchor_add(p, list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor,
		   n);
	n->open = true;
	p->depth++;
	if (list)
		list_read(p, n);
	else
		map_read(p, n);
	p->depth--;
	n->open = false;
	return p->stopped ? NULL : n;
}

static struct node *node_read(struct parser *p, const yaml_event_t *event)
{
	if (event->type == YAML_ALIAS_EVENT)
		return alias_read(p, event);
	if (event->type == YAML_SCALAR_EVENT)
		return scalar_read(p, event);
	return collection_read(p, event);
}

/* Step to the next event and tell its type; the start of a node is left in *ret. */
static yaml_event_type_t step(struct parser *p, yaml_event_t *ret)
{
	return next(p, ret) ? ret->type : YAML_NO_EVENT;
}

static struct node *document_read(struct parser *p)
{
	struct node *root = NULL;
	yaml_event_t event;
	yaml_event_type_t type = step(p, &event);

	while (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT) {
		yaml_event_delete(&event);
		type = step(p, &event);
	}
	if (type == YAML_NO_EVENT)
		return NULL;
	if (type == YAML_STREAM_END_EVENT)
		parser_stop(p, STACK_CODE_SYNTAX, (struct stack_position){ 1, 1 },
			    "the file is empty", NULL);
	else
		root = node_read(p, &event);
	yaml_event_delete(&event);
	return root;
}

static void end_read(struct parser *p)
{
	yaml_event_t event;

	for (yaml_event_type_t type = YAML_DOCUMENT_END_EVENT; type == YAML_DOCUMENT_END_EVENT;) {
		type = step(p, &event);
		if (type == YAML_DOCUMENT_START_EVENT)
			parser_stop(p, STACK_CODE_SYNTAX, position(event.start_mark),
				    "a stack file holds one document only", NULL);
		if (type != YAML_NO_EVENT)
			yaml_event_delete(&event);
	}
}

struct node *node_parse(struct stack_arena *arena, const struct node_source *source,
			struct stack_report *report)
{
	struct parser p = { .arena = arena, .report = report, .file = source->file };
	struct node *root;

	if (source->len > NODE_TEXT_MAX)
		return parser_stop(&p, STACK_CODE_LIMIT, (struct stack_position){ 1, 1 },
				   "the file is larger than 1 MiB", NULL);
	if (!yaml_parser_initialize(&p.yaml)) {
		report->no_memory = 1;
		return NULL;
	}
	yaml_parser_set_encoding(&p.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p.yaml, (const unsigned char *)source->text, source->len);
	root = document_read(&p);
	if (!p.stopped)
		end_read(&p);
	yaml_parser_delete(&p.yaml);
	return p.stopped ? NULL : root;
}
