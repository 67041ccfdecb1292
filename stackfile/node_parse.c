/*
 * YAML text to nodes, over libyaml's events.
 *
 * Recursion is bounded by NODE_DEPTH_MAX, aliases included; an alias adds the whole weight of what
 * it stands for, so "billion laughs" is refused at the alias that goes too far. A syntax error ends
 * the parse; the problems of keys do not.
 */
#include <string.h>
#include <yaml.h>

#include "base/str.h"
#include "stackfile/node.h"

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

static struct stack_position position(yaml_mark_t mark)
{
	return (struct stack_position){ (uint32_t)mark.line + 1, (uint32_t)mark.column + 1 };
}

static void complain(struct parser *p, enum stack_code code, struct stack_position at,
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

static struct node *stop(struct parser *p, enum stack_code code, struct stack_position at,
			 const char *text, const char *operand)
{
	if (!p->stopped)
		complain(p, code, at, text, operand);
	p->stopped = true;
	return NULL;
}

static bool next(struct parser *p, yaml_event_t *event)
{
	const char *problem;

	if (yaml_parser_parse(&p->yaml, event))
		return true;
	problem = p->yaml.problem ? p->yaml.problem : "out of memory";
	if (p->yaml.error == YAML_READER_ERROR) {
		stop(p, STACK_CODE_SYNTAX, (struct stack_position){ 1, 1 },
		     "the file is not UTF-8 text:", problem);
		return false;
	}
	stop(p, STACK_CODE_SYNTAX, position(p->yaml.problem_mark), problem, NULL);
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
		complain(p, STACK_CODE_UNSUPPORTED, position(mark), "not supported yet: the tag",
			 (const char *)tag);
}

static void anchor_add(struct parser *p, const yaml_char_t *name, struct node *node)
{
	struct anchor *a;

	if (!name || !node)
		return;
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
			return stop(p, STACK_CODE_SYNTAX, at, "an alias inside of its own anchor",
				    name);
		if (p->depth + n->height > NODE_DEPTH_MAX)
			return stop(p, STACK_CODE_LIMIT, at, "nested too deeply by the alias",
				    name);
		return n;
	}
	return stop(p, STACK_CODE_SYNTAX, at, "no such anchor:", name);
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
		complain(p, STACK_CODE_SYNTAX, n->at, "a NUL byte in a string", NULL);
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

/* Add the weight of one more value below n. */
static bool carry(struct parser *p, struct node *n, const struct node *value,
		  struct stack_position at)
{
	n->weight += value->weight;
	if (n->height <= value->height)
		n->height = value->height + 1;
	if (n->weight <= NODE_WEIGHT_MAX)
		return true;
	stop(p, STACK_CODE_LIMIT, at, "too many values, with every alias written out", NULL);
	return false;
}

static bool entry_add(struct parser *p, struct node *n, const struct node_entry *entry)
{
	struct node_entry *e;

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
				entry_add(p, n, &e);
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
		complain(p, STACK_CODE_TYPE, e->at, "a key has to be a string", NULL);
	else if (!*e->key)
		complain(p, STACK_CODE_TYPE, e->at, "a key is empty", NULL);
	return true;
}

static void merge_map(struct parser *p, struct node *into, const struct node *from)
{
	for (size_t i = 0; i < from->n && !p->stopped; i++) {
		struct node_entry e = from->entries[i];

		e.merged = true;
		if (!node_find(into, e.key))
			entry_add(p, into, &e);
	}
}

/* The map's own keys win over merged ones, an earlier merged map over a later one. */
static void merge(struct parser *p, struct node *into, const struct node_entry *merges, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct node *from = merges[i].value;

		if (from->kind == NODE_MAP)
			merge_map(p, into, from);
		else if (from->kind == NODE_SCALAR)
			complain(p, STACK_CODE_TYPE, merges[i].at,
				 "'<<' takes a map or a list of maps", NULL);
		for (size_t j = 0; from->kind == NODE_LIST && j < from->n; j++)
			if (from->entries[j].value->kind == NODE_MAP)
				merge_map(p, into, from->entries[j].value);
			else
				complain(p, STACK_CODE_TYPE, from->entries[j].at,
					 "'<<' takes a map or a list of maps", NULL);
	}
}

struct merges {
	struct node_entry *list;
	size_t n;
};

static void pair_add(struct parser *p, struct node *n, const struct node_entry *e, bool is_merge,
		     struct merges *merges)
{
	struct node_entry *m;

	if (is_merge) {
		m = stack_arena_push(p->arena, &merges->list, &merges->n, sizeof(*m));
		if (m)
			*m = *e;
	} else if (!e->key || !*e->key) {
		return; /* complained about already */
	} else if (node_find(n, e->key)) {
		complain(p, STACK_CODE_DUPLICATE, e->at, "given twice: the key", e->key);
	} else {
		entry_add(p, n, e);
	}
}

/* One key and its value; false at the end of the map. */
static bool pair_read(struct parser *p, struct node *n, struct merges *merges)
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
	pair_add(p, n, &e, is_merge, merges);
	return !p->stopped;
}

static void map_read(struct parser *p, struct node *n)
{
	struct merges merges = { 0 };

	while (pair_read(p, n, &merges))
		;
	if (!p->stopped)
		merge(p, n, merges.list, merges.n);
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
		return stop(p, STACK_CODE_LIMIT, n->at, "nested too deeply", NULL);
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
		stop(p, STACK_CODE_SYNTAX, (struct stack_position){ 1, 1 }, "the file is empty",
		     NULL);
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
			stop(p, STACK_CODE_SYNTAX, position(event.start_mark),
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
		return stop(&p, STACK_CODE_LIMIT, (struct stack_position){ 1, 1 },
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
