/*
 * Making a bundle: the reader runs with a resolver that remembers every variable and file it was
 * asked for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stackfile/bundle.h"

struct collector {
	const struct stack_resolver *inner;
	struct stack_bundle *bundle;
	size_t total;   /* bytes of files */
	bool no_memory; /* something is not in the bundle */
};

static bool has_variable(const struct stack_bundle *b, const char *name)
{
	for (size_t i = 0; i < b->n_variables; i++)
		if (!strcmp(b->variables[i].key, name))
			return true;
	return false;
}

static bool has_file(const struct stack_bundle *b, const char *path)
{
	for (size_t i = 0; i < b->n_files; i++)
		if (!strcmp(b->files[i].path, path))
			return true;
	return false;
}

static void keep_variable(struct collector *c, const char *name, const char *value)
{
	struct stack_bundle *b = c->bundle;
	struct wire_pair *list =
		reallocarray(b->variables, b->n_variables + 1, sizeof(*b->variables));
	struct wire_pair *p;

	if (!list) {
		c->no_memory = true;
		return;
	}
	b->variables = list;
	p = &list[b->n_variables++];
	*p = (struct wire_pair){ strdup(name), strdup(value) };
	c->no_memory |= !p->key || !p->value;
}

static const char *variable(void *state, const char *name)
{
	struct collector *c = state;
	const char *value = c->inner->variable(c->inner->state, name);

	if (value && !has_variable(c->bundle, name))
		keep_variable(c, name, value);
	return value;
}

static int keep_file(struct collector *c, const char *path, const char *data, size_t len,
		     struct sp_err *err)
{
	struct stack_bundle *b = c->bundle;
	struct stack_bundle_file *list, *f;

	c->total += len;
	if (b->n_files >= STACK_BUNDLE_FILES_MAX || c->total > STACK_BUNDLE_FILES_SIZE)
		return sp_fail(err, SP_E_TOO_LARGE, "more than %d files, or 8 MiB of files",
			       STACK_BUNDLE_FILES_MAX);
	list = reallocarray(b->files, b->n_files + 1, sizeof(*b->files));
	if (!list)
		return sp_fail_nomem(err);
	b->files = list;
	f = &list[b->n_files++];
	*f = (struct stack_bundle_file){ strdup(path), malloc(len + 1), len };
	if (!f->path || !f->data)
		return sp_fail_nomem(err);
	if (len)
		memcpy(f->data, data, len);
	f->data[len] = '\0';
	return 0;
}

static int file(void *state, const char *path, struct sp_buf *ret, struct sp_err *err)
{
	struct collector *c = state;
	size_t before = ret->len;
	int r = c->inner->file(c->inner->state, path, ret, err);

	if (r < 0 || has_file(c->bundle, path))
		return r;
	return keep_file(c, path, ret->data ? ret->data + before : "", ret->len - before, err);
}

static char *copy(const char *s, bool *failed)
{
	char *d = s ? strdup(s) : NULL;

	*failed |= s && !d;
	return d;
}

static struct stack_bundle *bundle_new(const struct stack_source *source)
{
	struct stack_bundle *b = calloc(1, sizeof(*b));
	bool failed = false;

	if (!b)
		return NULL;
	b->name = copy(source->name, &failed);
	b->file = copy(source->file, &failed);
	b->directory = copy(source->directory, &failed);
	b->text = strndup(source->text, source->len);
	b->len = source->len;
	if (!failed && b->text)
		return b;
	stack_bundle_free(b);
	return NULL;
}

int stack_bundle_collect(const struct stack_source *source, const struct stack_resolver *inner,
			 struct stack_bundle **ret, struct stack **ret_stack,
			 struct stack_report *report, struct sp_err *err)
{
	auto_(stack_bundle_free) struct stack_bundle *b = bundle_new(source);
	auto_(stack_free) struct stack *s = NULL;
	struct collector c = { .inner = inner, .bundle = b };
	struct stack_resolver recording = { variable, file, &c };
	int r;

	if (!b)
		return sp_fail_nomem(err);
	r = stack_read(source, &recording, &s, report, err);
	if (r == 0 && c.no_memory)
		r = sp_fail_nomem(err);
	if (r < 0)
		return r;
	*ret = take_ptr(b);
	if (ret_stack)
		*ret_stack = take_ptr(s);
	return 0;
}
