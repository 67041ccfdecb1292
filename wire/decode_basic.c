/* Strings, lists and pairs of a spec, copied to the heap and checked on the way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "wire/decode.h"
#include "wire/names.h"

char *wire_copy(struct sp_json_reader *r, const char *key, const char *s, wire_check_fn check,
		const char *what)
{
	char *copy;

	if (!s || r->error)
		return NULL;
	if (check && !check(s)) {
		sp_json_refuse(r, key, "'%.80s' is not %s", s, what);
		return NULL;
	}
	copy = strdup(s);
	if (!copy)
		r->error = sp_fail_nomem(r->err);
	return copy;
}

char *wire_opt(struct sp_json_reader *r, const char *key, wire_check_fn check, const char *what)
{
	return wire_copy(r, key, sp_json_str(r, key, NULL), check, what);
}

char *wire_need(struct sp_json_reader *r, const char *key, wire_check_fn check, const char *what)
{
	return wire_copy(r, key, sp_json_need_str(r, key), check, what);
}

char **wire_strv(struct sp_json_reader *r, const char *key, wire_check_fn check, const char *what)
{
	char **v = sp_json_strv(r, key);
	size_t n = v ? sp_strv_count(v) : 0;

	if (n > WIRE_LIST_MAX)
		sp_json_refuse(r, key, "%zu entries, at most %d", n, WIRE_LIST_MAX);
	for (size_t i = 0; i < n && check; i++)
		if (!check(v[i]))
			sp_json_refuse(r, key, "'%.80s' is not %s", v[i], what);
	if (r->error) {
		sp_strv_free(v);
		return NULL;
	}
	return v;
}

int wire_enum(struct sp_json_reader *r, const char *key, const char *const *names, int fallback)
{
	const char *s = fallback < 0 ? sp_json_need_str(r, key) : sp_json_str(r, key, NULL);
	int v = s ? wire_name_find(names, s) : fallback;

	if (v >= 0)
		return v;
	if (s)
		sp_json_refuse(r, key, "'%.40s' is not known", s);
	return 0;
}

static void decode_item(struct sp_json_reader *r, const char *key, size_t i, json_t *value,
			wire_item_fn item, void *element)
{
	char path[SP_JSON_PATH_MAX];
	struct sp_json_reader sub;

	if ((size_t)snprintf(path, sizeof(path), "%s.%s[%zu]", r->path, key, i) >= sizeof(path))
		path[sizeof(path) - 1] = '\0';
	sp_json_open(&sub, value, path, r->err);
	item(&sub, element);
	r->error = sp_json_done(&sub);
}

void *wire_list(struct sp_json_reader *r, const char *key, size_t size, wire_item_fn item,
		size_t *ret_n)
{
	return wire_long_list(r, key, &(struct wire_items){ size, WIRE_LIST_MAX, item }, ret_n);
}

void *wire_long_list(struct sp_json_reader *r, const char *key, const struct wire_items *of,
		     size_t *ret_n)
{
	json_t *list = sp_json_array(r, key), *value;
	size_t n = json_array_size(list), i;
	char *elements;

	*ret_n = 0;
	if (n == 0 || r->error)
		return NULL;
	if (n > of->max) {
		sp_json_refuse(r, key, "%zu entries, at most %zu", n, of->max);
		return NULL;
	}
	elements = calloc(n, of->size);
	if (!elements) {
		r->error = sp_fail_nomem(r->err);
		return NULL;
	}
	json_array_foreach (list, i, value) {
		*ret_n = i + 1;
		decode_item(r, key, i, value, of->item, elements + i * of->size);
		if (r->error)
			break;
	}
	return elements;
}

struct wire_pair *wire_pairs(struct sp_json_reader *r, const char *key, wire_check_fn check_key,
			     size_t *ret_n)
{
	json_t *object = sp_json_object(r, key), *value;
	size_t n = json_object_size(object);
	struct wire_pair *pairs;
	const char *name;

	*ret_n = 0;
	if (n == 0 || r->error)
		return NULL;
	if (n > WIRE_LIST_MAX) {
		sp_json_refuse(r, key, "%zu entries, at most %d", n, WIRE_LIST_MAX);
		return NULL;
	}
	pairs = calloc(n, sizeof(*pairs));
	if (!pairs) {
		r->error = sp_fail_nomem(r->err);
		return NULL;
	}
	json_object_foreach (object, name, value) {
		struct wire_pair *p = &pairs[(*ret_n)++];

		if (!json_is_string(value) ||
		    strlen(json_string_value(value)) != json_string_length(value))
			sp_json_refuse(r, key, "'%.80s' is not a string", name);
		p->key = wire_copy(r, key, name, check_key, "a valid name");
		p->value = wire_copy(r, key, json_string_value(value), NULL, NULL);
		if (r->error)
			break;
	}
	return pairs;
}
