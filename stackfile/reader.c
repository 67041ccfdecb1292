/* Values, their paths, and saying what is wrong with them; see reader.h. */
#include "stackfile/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stackfile/quote.h"

struct value value_child(const struct value *up, size_t i)
{
	const struct node_entry *e = &up->node->entries[i];

	return (struct value){
		.r = up->r, .up = up, .key = e->key, .index = i, .key_at = e->at, .node = e->value
	};
}

bool value_find(const struct value *map, const char *key, struct value *ret)
{
	const struct node_entry *e = node_find(map->node, key);

	if (!e)
		return false;
	*ret = value_child(map, (size_t)(e - map->node->entries));
	return true;
}

static size_t path_append(const struct value *v, char *ret, size_t len)
{
	int n;

	if (!v->up)
		return len;
	len = path_append(v->up, ret, len);
	if (len >= VALUE_PATH_MAX - 1)
		return len;
	if (v->key)
		n = snprintf(ret + len, VALUE_PATH_MAX - len, "%s%s", len ? "." : "", v->key);
	else
		n = snprintf(ret + len, VALUE_PATH_MAX - len, "[%zu]", v->index);
	return n < 0 ? len : len + (size_t)n;
}

void value_path(const struct value *v, char ret[VALUE_PATH_MAX])
{
	ret[0] = '\0';
	path_append(v, ret, 0);
}

/* "path text": the text alone where there is no path. */
static void add(struct reader *r, struct stack_finding *f, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void add(struct reader *r, struct stack_finding *f, const char *fmt, va_list ap)
{
	autobuf struct sp_buf text = { 0 };
	autofree char *formatted = NULL;

	f->file = r->source->file;
	if (vasprintf(&formatted, fmt, ap) < 0) {
		formatted = NULL;
		r->report->no_memory = 1;
		return;
	}
	stack_report_add(r->report, f, "%s%s%s", f->key, *f->key ? " " : "", formatted);
}

static void add_value(const struct value *v, struct stack_finding *f, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void add_value(const struct value *v, struct stack_finding *f, const char *fmt, va_list ap)
{
	char path[VALUE_PATH_MAX];

	value_path(v, path);
	f->key = path;
	add(v->r, f, fmt, ap);
}

/* Who reads what was wrong need not know what a variable holds. */
static void refuse(const struct value *v, struct stack_finding *f, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void refuse(const struct value *v, struct stack_finding *f, const char *fmt, va_list ap)
{
	autobuf struct sp_buf text = { 0 };
	char path[VALUE_PATH_MAX];

	value_path(v, path);
	f->key = path;
	f->file = v->r->source->file;
	quote_format(&text, v->node, fmt, ap);
	if (text.error)
		v->r->report->no_memory = 1;
	else
		stack_report_add(v->r->report, f, "%s%s%s", path, *path ? " " : "", text.data);
}

void value_refuse(const struct value *v, enum stack_code code, const char *fmt, ...)
{
	struct stack_finding f = { .severity = STACK_ERROR, .code = code, .at = v->node->at };
	va_list ap;

	va_start(ap, fmt);
	refuse(v, &f, fmt, ap);
	va_end(ap);
}

void value_note(const struct value *v, enum stack_severity severity, enum stack_code code,
		const char *fmt, ...)
{
	struct stack_finding f = { .severity = severity, .code = code, .at = v->node->at };
	va_list ap;

	va_start(ap, fmt);
	add_value(v, &f, fmt, ap);
	va_end(ap);
}

void value_refuse_key(const struct value *v, enum stack_code code, const char *suggestion,
		      const char *fmt, ...)
{
	struct stack_finding f = {
		.severity = STACK_ERROR, .code = code, .at = v->key_at, .suggestion = suggestion
	};
	va_list ap;

	va_start(ap, fmt);
	add_value(v, &f, fmt, ap);
	va_end(ap);
}

void reader_refuse(struct reader *r, enum stack_code code, struct stack_position at,
		   const char *path, const char *fmt, ...)
{
	struct stack_finding f = { .severity = STACK_ERROR, .code = code, .at = at, .key = path };
	va_list ap;

	va_start(ap, fmt);
	add(r, &f, fmt, ap);
	va_end(ap);
}

void reader_warn(struct reader *r, enum stack_code code, struct stack_position at, const char *path,
		 const char *fmt, ...)
{
	struct stack_finding f = { .severity = STACK_WARNING, .code = code, .at = at, .key = path };
	va_list ap;

	va_start(ap, fmt);
	add(r, &f, fmt, ap);
	va_end(ap);
}

void value_expects(const struct value *v, const char *what)
{
	value_refuse(v, STACK_CODE_TYPE, "expects %s, not %s", what, node_kind_name(v->node));
}

bool value_is_map(const struct value *v)
{
	if (v->node->kind == NODE_MAP)
		return true;
	value_expects(v, "a map");
	return false;
}

bool value_is_list(const struct value *v)
{
	if (v->node->kind != NODE_LIST)
		value_expects(v, "a list");
	else if (v->node->n > STACK_LIST_MAX)
		value_refuse(v, STACK_CODE_LIMIT, "has more than %d items", STACK_LIST_MAX);
	else
		return true;
	return false;
}

static void each(const struct value *v, value_fn fn, void *state)
{
	for (size_t i = 0; i < v->node->n; i++) {
		struct value item = value_child(v, i);

		fn(&item, state);
	}
}

void value_each_item(const struct value *list, value_fn fn, void *state)
{
	if (value_is_list(list))
		each(list, fn, state);
}

void value_each_entry(const struct value *map, value_fn fn, void *state)
{
	if (value_is_map(map))
		each(map, fn, state);
}

const char *value_text(const struct value *v, const char *what)
{
	if (v->node->kind == NODE_SCALAR && !node_is_null(v->node))
		return v->node->text;
	value_expects(v, what);
	return NULL;
}

void *value_push_upto(const struct value *v, void *list, size_t *n, size_t size, size_t max)
{
	if (*n < max)
		return stack_arena_push(v->r->arena, list, n, size);
	value_refuse(v, STACK_CODE_LIMIT, "is one more than %zu", max);
	return NULL;
}

void *value_push(const struct value *v, void *list, size_t *n, size_t size)
{
	return value_push_upto(v, list, n, size, STACK_LIST_MAX);
}
