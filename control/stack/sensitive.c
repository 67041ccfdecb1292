/* Names and values that must not be shown; see sensitive.h. */
#include "control/stack/sensitive.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/str.h"

#define SECRET_MIN 3 /* bytes; what is shorter would be found everywhere */

static const char *const telling[] = { "password", "passwd",     "passphrase", "secret",
				       "token",    "credential", "private",    "apikey",
				       "api_key",  "api-key",    "accesskey",  "access_key" };
/* Only as the last word: SIGNING_KEY, but not KEYBOARD. */
static const char *const telling_ends[] = { "_key", "-key", "_pass", "-pass", "_pwd", "-pwd" };

void sensitive_fini(struct sensitive *s)
{
	for (size_t i = 0; i < s->n; i++) {
		explicit_bzero(s->values[i], strlen(s->values[i]));
		free(s->values[i]);
	}
	free(s->values);
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

int sensitive_add_stack(struct sensitive *s, const struct stack *stack, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < stack->n_secrets; i++)
		r = add(s, stack->secrets[i].data, stack->secrets[i].len, err);
	return r;
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

static bool holds(const char *name, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= len; i++)
		if (!strncasecmp(name + i, word, n))
			return true;
	return false;
}

bool sensitive_name(const char *name, size_t len)
{
	for (size_t i = 0; i < SP_COUNT(telling); i++)
		if (holds(name, len, telling[i]))
			return true;
	for (size_t i = 0; i < SP_COUNT(telling_ends); i++) {
		size_t n = strlen(telling_ends[i]);

		if (len > n && !strncasecmp(name + len - n, telling_ends[i], n))
			return true;
	}
	return false;
}

/* scheme://user:password@host */
static bool has_url_password(const char *text)
{
	const char *p = text;

	while ((p = strstr(p, "://"))) {
		size_t user = strcspn(p += 3, ":@/?# \t");

		if (p[user] == ':' && p[user + 1 + strcspn(p + user + 1, "@/?# \t")] == '@')
			return true;
	}
	return false;
}

static bool is_sensitive_text(const struct sensitive *s, const char *text)
{
	const char *equals = strchr(text, '=');

	for (size_t i = 0; i < s->n; i++)
		if (strstr(text, s->values[i]))
			return true;
	if (equals && !memchr(text, ' ', (size_t)(equals - text)) &&
	    sensitive_name(text, (size_t)(equals - text)))
		return true;
	return has_url_password(text);
}

/* `--password hunter2`: the option names what the next word is. */
static bool is_telling_option(const char *word)
{
	return *word == '-' && !strchr(word, '=') && sensitive_name(word, strlen(word));
}

bool sensitive_value(const struct sensitive *s, const json_t *value)
{
	const json_t *one;
	size_t i;

	if (json_is_string(value))
		return is_sensitive_text(s, json_string_value(value));
	json_array_foreach (value, i, one) {
		const char *word = json_string_value(one);

		if (word && (is_telling_option(word) || is_sensitive_text(s, word)))
			return true;
	}
	return false;
}
