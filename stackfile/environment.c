/*
 * `environment`, `env_file`, `labels` and `sysctls`: names with values, as a map or as a list of
 * NAME=value.
 */
#include "stackfile/environment.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "stackfile/env_file.h"
#include "stackfile/env_list.h"
#include "stackfile/keys.h"
#include "stackfile/openly.h"
#include "stackfile/scalar.h"

static void each_in_map(const struct value *v, pair_fn fn, void *state)
{
	if (v->node->n > STACK_LIST_MAX)
		value_refuse(v, STACK_CODE_LIMIT, "has more than %d entries", STACK_LIST_MAX);
	for (size_t i = 0; i < v->node->n && i < STACK_LIST_MAX; i++) {
		struct value item = value_child(v, i);

		if (item.node->kind != NODE_SCALAR)
			value_expects(&item, "a string");
		else
			fn(&item, item.key, node_is_null(item.node) ? NULL : item.node->text,
			   state);
	}
}

static bool named_before(const struct value *v, size_t i, const char *name, size_t len)
{
	for (size_t j = 0; j < i; j++) {
		const struct node *other = v->node->entries[j].value;

		if (other->kind == NODE_SCALAR && !strncmp(other->text, name, len) &&
		    (!other->text[len] || other->text[len] == '='))
			return true;
	}
	return false;
}

static void each_in_list(const struct value *v, pair_fn fn, void *state)
{
	if (!value_is_list(v))
		return;
	for (size_t i = 0; i < v->node->n; i++) {
		struct value item = value_child(v, i);
		const char *text = value_text(&item, "NAME=value"), *equals;
		size_t len;

		if (!text)
			continue;
		equals = strchr(text, '=');
		len = equals ? (size_t)(equals - text) : strlen(text);
		if (named_before(v, i, text, len))
			value_refuse(&item, STACK_CODE_DUPLICATE, "gives '%.*s' a second time",
				     (int)len, text);
		else
			fn(&item, stack_arena_copy(v->r->arena, text, len),
			   equals ? equals + 1 : NULL, state);
	}
}

void each_pair(const struct value *v, pair_fn fn, void *state)
{
	if (v->node->kind == NODE_MAP)
		each_in_map(v, fn, state);
	else if (v->node->kind == NODE_LIST)
		each_in_list(v, fn, state);
	else if (!node_is_null(v->node))
		value_expects(v, "a map or a list of NAME=value");
}

/* In a list the name is a part of the text, and a plan tells it. */
static bool name_is_open(const struct value *v)
{
	const char *source = v->key ? NULL : v->node->source;

	return !source || !memchr(source, '$', strcspn(source, "="));
}

static void set_variable(const struct value *v, const char *name, const char *value, void *state)
{
	const struct stack_resolver *resolver = v->r->resolver;
	struct stack_service *s = state;

	if (!name)
		return;
	if (!name_is_open(v)) {
		value_refuse(v, STACK_CODE_VALUE,
			     "has '%s': the name of a variable has to stand openly, as in "
			     "NAME=${VALUE}",
			     name);
		return;
	}
	if (!env_name_valid(name, strlen(name))) {
		value_refuse(v, STACK_CODE_VALUE, "has '%s', which cannot name a variable", name);
		return;
	}
	if (value)
		openly_pair(v, s, "environment", name);
	else
		value = resolver->variable(resolver->state, name);
	if (value)
		env_list_set(v->r->arena, &s->environment, name, value);
	else
		env_list_unset(s->environment, name);
}

void read_environment(const struct value *v, void *service)
{
	each_pair(v, set_variable, service);
}

/* One env file: `path`, or {path, required, format}. */
struct env_file_entry {
	char *path;
	bool required;
};

/* The path as the file has it. */
static const char *path_written(const struct value *v, const struct env_file_entry *e)
{
	const struct node_entry *path =
		v->node->kind == NODE_MAP ? node_find(v->node, "path") : NULL;
	const struct node *n = path ? path->value : v->node;

	return n->source ? n->source : e->path;
}

static void env_file_load(const struct value *v, const struct env_file_entry *e,
			  struct stack_service *s)
{
	const struct stack_resolver *resolver = v->r->resolver;
	struct sp_err err = { 0 };
	autobuf struct sp_buf text = { 0 };
	char path[VALUE_PATH_MAX];
	struct env_file f = { .arena = v->r->arena,
			      .report = v->r->report,
			      .resolver = resolver,
			      .file = path_written(v, e),
			      .key = path };

	value_path(v, path);
	if (resolver->file(resolver->state, e->path, &text, &err) < 0) {
		if (e->required || err.code != SP_E_NOT_FOUND)
			value_refuse(v, STACK_CODE_FILE, "cannot be read: %s",
				     openly_written(v->node) ? err.message
							     : sp_err_code_name(err.code));
		return;
	}
	if (text.len && memchr(text.data, '\0', text.len))
		value_refuse(v, STACK_CODE_FILE, "'%s' is not a text file", e->path);
	else if (text.len)
		env_file_read(&f, text.data, &s->environment);
}

static const struct key env_file_keys[] = {
	{ "path", read_string, offsetof(struct env_file_entry, path),
	  "the file, relative to the stack file" },
	{ "required", read_bool, offsetof(struct env_file_entry, required),
	  "`false`: a missing file is passed over; default `true`" },
	{ "format", NULL, 0, NULL },
};
KEY_TABLE(keys_env_file, "services.NAME.env_file[]", env_file_keys, false);

static void env_file_one(const struct value *v, void *service)
{
	struct env_file_entry e = { .required = true };

	if (v->node->kind == NODE_MAP) {
		key_table_read(&keys_env_file, v, &e);
		if (!node_find(v->node, "path"))
			value_refuse(v, STACK_CODE_MISSING, "has no 'path'");
	} else {
		read_string(v, &e.path);
	}
	if (e.path)
		env_file_load(v, &e, service);
}

void read_env_file(const struct value *v, void *service)
{
	if (v->node->kind != NODE_LIST)
		env_file_one(v, service);
	else
		value_each_item(v, env_file_one, service);
}

static void add_label(const struct value *v, const char *name, const char *value, void *state)
{
	struct stack_service *s = state;
	struct wire_pair *p;

	if (!name || !*name) {
		value_refuse(v, STACK_CODE_VALUE, "has a label without a name");
		return;
	}
	p = value_push(v, &s->labels, &s->n_labels, sizeof(*p));
	openly_pair(v, s, "labels", name);
	if (p)
		*p = (struct wire_pair){ stack_arena_dup(v->r->arena, name),
					 stack_arena_dup(v->r->arena, value ? value : "") };
}

void read_labels(const struct value *v, void *service)
{
	each_pair(v, add_label, service);
}

/* A sysctl that a namespace of the container has a copy of; any other is the whole node's. */
static bool namespaced(const char *name)
{
	static const char *const prefixes[] = { "net.", "fs.mqueue.", "kernel.msg", "kernel.shm" };
	static const char *const names[] = { "kernel.sem", "kernel.domainname", "kernel.hostname" };

	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			return false;
	for (size_t i = 0; i < SP_COUNT(prefixes); i++)
		if (sp_str_starts(name, prefixes[i]) && !strstr(name, "..") && strlen(name) < 256)
			return true;
	for (size_t i = 0; i < SP_COUNT(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void add_sysctl(const struct value *v, const char *name, const char *value, void *state)
{
	struct stack_service *s = state;
	struct wire_pair *p;

	if (!name || !value)
		value_refuse(v, STACK_CODE_VALUE, "has no value");
	else if (!namespaced(name))
		value_refuse(v, STACK_CODE_VALUE,
			     "sets '%s', which belongs to the whole node, not to a container",
			     name);
	else if ((p = value_push(v, &s->sysctls, &s->n_sysctls, sizeof(*p))))
		*p = (struct wire_pair){ stack_arena_dup(v->r->arena, name),
					 stack_arena_dup(v->r->arena, value) };
}

void read_sysctls(const struct value *v, void *service)
{
	each_pair(v, add_sysctl, service);
}
