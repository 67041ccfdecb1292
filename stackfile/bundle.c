/* Bundles: freeing them, looking things up in them, and their JSON; see bundle.h. */
#include "stackfile/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/str.h"

static void wipe_free(char *s, size_t len)
{
	if (s)
		explicit_bzero(s, len);
	free(s);
}

void stack_bundle_free(struct stack_bundle *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n_variables; i++) {
		free(b->variables[i].key);
		wipe_free(b->variables[i].value,
			  b->variables[i].value ? strlen(b->variables[i].value) : 0);
	}
	for (size_t i = 0; i < b->n_files; i++) {
		free(b->files[i].path);
		wipe_free(b->files[i].data, b->files[i].len);
	}
	free(b->variables);
	free(b->files);
	free(b->name);
	free(b->file);
	free(b->directory);
	free(b->text);
	free(b->on_failure);
	free(b);
}

static const char *variable(void *state, const char *name)
{
	const struct stack_bundle *b = state;

	for (size_t i = 0; i < b->n_variables; i++)
		if (!strcmp(b->variables[i].key, name))
			return b->variables[i].value;
	return NULL;
}

static int file(void *state, const char *path, struct sp_buf *ret, struct sp_err *err)
{
	const struct stack_bundle *b = state;

	for (size_t i = 0; i < b->n_files; i++)
		if (!strcmp(b->files[i].path, path)) {
			sp_buf_append(ret, b->files[i].data, b->files[i].len);
			return sp_buf_check(ret, err);
		}
	return sp_fail(err, SP_E_NOT_FOUND, "'%s' is not in the bundle", path);
}

struct stack_resolver stack_bundle_resolver(const struct stack_bundle *b)
{
	return (struct stack_resolver){ variable, file, (void *)b };
}

struct stack_source stack_bundle_source(const struct stack_bundle *b)
{
	return (struct stack_source){ .file = b->file,
				      .text = b->text,
				      .len = b->len,
				      .name = b->name,
				      .directory = b->directory };
}

/* ---- from JSON ---- */

static char *string_copy(struct sp_json_reader *r, const char *key, bool required)
{
	const char *s = required ? sp_json_need_str(r, key) : sp_json_str(r, key, NULL);
	char *copy = s && !r->error ? strdup(s) : NULL;

	if (s && !r->error && !copy)
		r->error = sp_fail_nomem(r->err);
	return copy;
}

static void decode_variables(struct sp_json_reader *r, struct stack_bundle *b)
{
	json_t *object = sp_json_object(r, "variables"), *value;
	const char *name;

	if (!object || r->error)
		return;
	b->variables = calloc(json_object_size(object) + 1, sizeof(*b->variables));
	if (!b->variables)
		r->error = sp_fail_nomem(r->err);
	json_object_foreach (object, name, value) {
		struct wire_pair *p = &b->variables[b->n_variables];

		if (!json_is_string(value))
			sp_json_refuse(r, "variables", "'%.64s' is not a string", name);
		if (r->error)
			return;
		b->n_variables++;
		p->key = strdup(name);
		p->value = strdup(json_string_value(value));
		if (!p->key || !p->value)
			r->error = sp_fail_nomem(r->err);
	}
}

static void decode_file(struct sp_json_reader *r, struct stack_bundle *b, const char *path,
			const json_t *value)
{
	struct stack_bundle_file *f = &b->files[b->n_files];
	struct sp_err err;

	if (!json_is_string(value)) {
		sp_json_refuse(r, "files", "'%.64s' is not base64", path);
		return;
	}
	b->n_files++;
	f->path = strdup(path);
	if (!f->path)
		r->error = sp_fail_nomem(r->err);
	else if (sp_base64_decode(json_string_value(value), &f->data, &f->len, &err) < 0)
		sp_json_refuse(r, "files", "'%.64s': %s", path, err.message);
	else if (f->len > STACK_FILE_MAX)
		sp_json_refuse(r, "files", "'%.64s' is larger than 1 MiB", path);
}

static void decode_files(struct sp_json_reader *r, struct stack_bundle *b)
{
	json_t *object = sp_json_object(r, "files"), *value;
	const char *path;
	size_t total = 0;

	if (!object || r->error)
		return;
	if (json_object_size(object) > STACK_BUNDLE_FILES_MAX) {
		sp_json_refuse(r, "files", "more than %d files", STACK_BUNDLE_FILES_MAX);
		return;
	}
	b->files = calloc(json_object_size(object) + 1, sizeof(*b->files));
	if (!b->files)
		r->error = sp_fail_nomem(r->err);
	json_object_foreach (object, path, value) {
		if (r->error)
			return;
		decode_file(r, b, path, value);
		total += b->n_files ? b->files[b->n_files - 1].len : 0;
		if (!r->error && total > STACK_BUNDLE_FILES_SIZE)
			sp_json_refuse(r, "files", "more than 8 MiB of files");
	}
}

static void decode_on_failure(struct sp_json_reader *r, struct stack_bundle *b)
{
	b->on_failure = string_copy(r, "on_failure", false);
	if (b->on_failure && strcmp(b->on_failure, "rollback") != 0 &&
	    strcmp(b->on_failure, "stop") != 0)
		sp_json_refuse(r, "on_failure", "'%.32s' is neither 'rollback' nor 'stop'",
			       b->on_failure);
}

int stack_bundle_decode(json_t *json, struct stack_bundle **ret, struct sp_err *err)
{
	auto_(stack_bundle_free) struct stack_bundle *b = calloc(1, sizeof(*b));
	struct sp_json_reader r;

	if (!b)
		return sp_fail_nomem(err);
	sp_json_open(&r, json, "bundle", err);
	b->name = string_copy(&r, "name", false);
	b->file = string_copy(&r, "file", true);
	b->directory = string_copy(&r, "directory", false);
	b->text = string_copy(&r, "text", true);
	decode_variables(&r, b);
	decode_files(&r, b);
	decode_on_failure(&r, b);
	if (sp_json_done(&r) < 0)
		return r.error;
	b->len = strlen(b->text);
	*ret = take_ptr(b);
	return 0;
}

/* ---- to JSON ---- */

static json_t *encode_variables(const struct stack_bundle *b)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < b->n_variables; i++)
		if (json_object_set_new(object, b->variables[i].key,
					json_string(b->variables[i].value)) < 0) {
			json_decref(object);
			return NULL;
		}
	return object;
}

static json_t *encode_files(const struct stack_bundle *b)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < b->n_files; i++) {
		const struct stack_bundle_file *f = &b->files[i];
		autofree char *text = sp_base64_encode(f->data, f->len);

		if (!text || json_object_set_new(object, f->path, json_string(text)) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

int stack_bundle_encode(const struct stack_bundle *b, json_t **ret, struct sp_err *err)
{
	json_t *variables = encode_variables(b), *files = encode_files(b);

	*ret = variables && files ? json_pack("{s:s*, s:s, s:s*, s:s%, s:o, s:o, s:s*}", "name",
					      b->name, "file", b->file, "directory", b->directory,
					      "text", b->text, b->len, "variables", variables,
					      "files", files, "on_failure", b->on_failure)
				  : NULL;
	if (*ret)
		return 0;
	if (!variables || !files) {
		json_decref(variables);
		json_decref(files);
		return sp_fail_nomem(err);
	}
	return sp_fail(err, SP_E_INVALID, "a path, variable or the stack file is not UTF-8 text");
}
