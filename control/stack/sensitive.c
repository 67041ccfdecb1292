/* Names and values that must not be shown; see sensitive.h. */
#include "control/stack/sensitive.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "control/stack/telling.h"

#define SECRET_MIN 3 /* bytes; what is shorter would be found everywhere */

void sensitive_fini(struct sensitive *s)
{
	for (size_t i = 0; i < s->n; i++) {
		explicit_bzero(s->values[i], strlen(s->values[i]));
		free(s->values[i]);
	}
	free(s->values);
	for (size_t i = 0; i < SP_COUNT(s->files); i++)
		free(s->files[i].list);
	*s = (struct sensitive){ 0 };
}

static bool is_known(const struct sensitive *s, const char *value)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->values[i], value))
			return true;
	return false;
}

/* Binary content ends at its first NUL; the line end of a file is no part of what it holds. */
static int add(struct sensitive *s, const char *data, size_t len, struct sp_err *err)
{
	char **values, *copy = strndup(data, len);

	if (!copy)
		return sp_fail_nomem(err);
	len = strlen(copy);
	while (len && (copy[len - 1] == '\n' || copy[len - 1] == '\r'))
		copy[--len] = '\0';
	if (len < SECRET_MIN || is_known(s, copy)) {
		free(copy);
		return 0;
	}
	values = reallocarray(s->values, s->n + 1, sizeof(*values));
	if (!values) {
		free(copy);
		return sp_fail_nomem(err);
	}
	s->values = values;
	s->values[s->n++] = copy;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct sensitive_service *)a)->name,
		      ((const struct sensitive_service *)b)->name);
}

static int list_open(struct sensitive_file *f, const struct stack *stack, struct sp_err *err)
{
	f->list = calloc(stack->n_services + stack->n_tasks + 1, sizeof(*f->list));
	if (!f->list)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < stack->n_services; i++)
		f->list[f->n++] = (struct sensitive_service){ stack->services[i].name,
							      stack->services[i].open };
	for (size_t i = 0; i < stack->n_tasks; i++)
		f->list[f->n++] = (struct sensitive_service){ stack->tasks[i].run.name,
							      stack->tasks[i].run.open };
	qsort(f->list, f->n, sizeof(*f->list), by_name);
	return 0;
}

int sensitive_add_stack(struct sensitive *s, enum sensitive_side side, const struct stack *stack,
			struct sp_err *err)
{
	int r = list_open(&s->files[side], stack, err);

	for (size_t i = 0; r == 0 && i < stack->n_secrets; i++)
		r = add(s, stack->secrets[i].data, stack->secrets[i].len, err);
	return r;
}

char *const *sensitive_open(const struct sensitive *s, enum sensitive_side side,
			    const char *service)
{
	static char *const nothing[] = { NULL };
	const struct sensitive_service key = { .name = service }, *found = NULL;
	const struct sensitive_file *f = side == SENSITIVE_UNKNOWN ? NULL : &s->files[side];

	if (f && f->n && service)
		found = bsearch(&key, f->list, f->n, sizeof(*f->list), by_name);
	return found && found->open ? found->open : nothing;
}

static int add_file(struct sensitive *s, const json_t *file, struct sp_err *err)
{
	const char *content = json_string_value(json_object_get(file, "content"));
	char *data = NULL;
	size_t len;
	int r = 0;

	if (!content || !json_is_true(json_object_get(file, "secret")))
		return 0;
	r = sp_base64_decode(content, &data, &len, err);
	if (r < 0)
		return r;
	r = add(s, data, len, err);
	explicit_bzero(data, len);
	free(data);
	return r;
}

int sensitive_add_spec(struct sensitive *s, const json_t *spec, struct sp_err *err)
{
	const json_t *file;
	size_t i;
	int r = 0;

	json_array_foreach (json_object_get(spec, "files"), i, file) {
		r = add_file(s, file, err);
		if (r < 0)
			return r;
	}
	return r;
}

static bool is_sensitive_text(const struct sensitive *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (strstr(text, s->values[i]))
			return true;
	return telling_text(text);
}

bool sensitive_value(const struct sensitive *s, const json_t *value)
{
	const json_t *one;
	size_t i;

	if (json_is_string(value))
		return is_sensitive_text(s, json_string_value(value));
	json_array_foreach (value, i, one) {
		const char *word = json_string_value(one);

		if (word && (telling_option(word) || is_sensitive_text(s, word)))
			return true;
	}
	return false;
}

json_t *sensitive_wrap(json_t *value)
{
	return value ? json_pack("{s:o}", SENSITIVE_SHOWN, value) : NULL;
}

json_t *sensitive_unwrap(json_t *value)
{
	return json_object_size(value) == 1 ? json_object_get(value, SENSITIVE_SHOWN) : NULL;
}
