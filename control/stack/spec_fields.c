/* Fields of a spec; see spec_fields.h. */
#include "control/stack/spec_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/str.h"

/* A list being made; running out of memory is remembered. */
struct taking {
	struct spec_fields fields;
	bool failed;
};

void spec_fields_fini(struct spec_fields *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->list[i].path);
		json_decref(f->list[i].value);
	}
	free(f->list);
	*f = (struct spec_fields){ 0 };
}

/* Steals path and value. */
static void put(struct taking *t, char *path, json_t *value, bool secret)
{
	struct spec_fields *f = &t->fields;
	struct spec_field *list = reallocarray(f->list, f->n + 1, sizeof(*list));

	if (list)
		f->list = list;
	if (!list || !path || !value) {
		t->failed = true;
		free(path);
		json_decref(value);
		return;
	}
	f->list[f->n++] = (struct spec_field){ path, value, secret };
}

/* Objects member by member, all else whole. */
static void put_any(struct taking *t, const char *path, json_t *value)
{
	json_t *one = sensitive_unwrap(value);
	const char *key;

	if (one || !json_is_object(value)) {
		put(t, strdup(path), json_incref(one ? one : value), one != NULL);
		return;
	}
	json_object_foreach (value, key, one) {
		autofree char *deeper = sp_str_format("%s.%s", path, key);

		if (deeper)
			put_any(t, deeper, one);
		t->failed |= !deeper;
	}
}

static void put_environment(struct taking *t, const char *path, json_t *list)
{
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one) {
		const char *entry = json_string_value(one),
			   *equals = entry ? strchr(entry, '=') : 0;
		size_t len = equals ? (size_t)(equals - entry) : 0;

		if (equals)
			put(t, sp_str_format("%s.%.*s", path, (int)len, entry),
			    json_string(equals + 1), false);
	}
}

/* The element's other members, under the name that the element goes by. */
static void put_members(struct taking *t, const char *path, const char *name, json_t *element,
			const char *known_by)
{
	const char *key;
	json_t *value;

	json_object_foreach (element, key, value) {
		autofree char *deeper = sp_str_format("%s.%s.%s", path, name, key);

		if (!deeper)
			t->failed = true;
		else if (strcmp(key, known_by) != 0)
			put_any(t, deeper, value);
	}
}

static void put_named(struct taking *t, const char *path, json_t *list, const char *known_by)
{
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one) {
		const char *name = json_string_value(json_object_get(one, known_by));

		if (name)
			put_members(t, path, name, one, known_by);
	}
}

static void put_mounts(struct taking *t, const char *path, json_t *list)
{
	put_named(t, path, list, "target");
}

static void put_ulimits(struct taking *t, const char *path, json_t *list)
{
	put_named(t, path, list, "name");
}

static int digest_content(const char *base64, char ret[SP_DIGEST_MAX])
{
	char *data = NULL;
	size_t len;
	int r = base64 ? sp_base64_decode(base64, &data, &len, NULL) : -1;

	if (r < 0)
		return r;
	r = sp_digest_of(data, len, ret, NULL);
	explicit_bzero(data, len);
	free(data);
	return r;
}

/* The digest stands for a config's content; of a secret there is nothing to show. */
static void put_content(struct taking *t, const char *path, const char *target,
			const json_t *content, bool secret)
{
	char digest[SP_DIGEST_MAX];

	if (digest_content(json_string_value(content), digest) < 0)
		t->failed = true;
	else
		put(t, sp_str_format("%s.%s.content", path, target), json_string(digest), secret);
}

static void put_files(struct taking *t, const char *path, json_t *list)
{
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one) {
		const char *target = json_string_value(json_object_get(one, "target"));
		autojson json_t *rest = json_copy(one);

		if (!target || !rest) {
			t->failed = true;
			continue;
		}
		put_content(t, path, target, json_object_get(one, "content"),
			    json_is_true(json_object_get(one, "secret")));
		json_object_del(rest, "content");
		json_object_del(rest, "secret");
		put_members(t, path, target, rest, "target");
	}
}

static void put_ports(struct taking *t, const char *path, json_t *list)
{
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one) {
		const char *address = json_string_value(json_object_get(one, "host_address"));
		const char *protocol = json_string_value(json_object_get(one, "protocol"));
		json_int_t port = json_integer_value(json_object_get(one, "host_port"));

		put(t,
		    sp_str_format("%s.%s:%d/%s", path, address ? address : "0.0.0.0", (int)port,
				  protocol ? protocol : "tcp"),
		    json_incref(json_object_get(one, "container_port")), false);
	}
}

/* Lists that are maps by another name, and members that are no field. */
static const struct {
	const char *key;
	void (*put)(struct taking *t, const char *path, json_t *value); /* NULL: no field */
} special[] = {
	{ "id", NULL },
	{ "stack", NULL },
	{ "service", NULL },
	{ "replica", NULL },
	{ "address", NULL },
	{ "hosts", NULL },
	{ "environment", put_environment },
	{ "mounts", put_mounts },
	{ "files", put_files },
	{ "ports", put_ports },
	{ "ulimits", put_ulimits },
};

static void put_member(struct taking *t, const char *key, json_t *value)
{
	for (size_t i = 0; i < SP_COUNT(special); i++) {
		if (strcmp(special[i].key, key) != 0)
			continue;
		if (special[i].put)
			special[i].put(t, key, value);
		return;
	}
	put_any(t, key, value);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct spec_field *)a)->path, ((const struct spec_field *)b)->path);
}

int spec_fields_read(const struct spec_of *from, const struct sensitive *s, struct spec_fields *ret,
		     struct sp_err *err)
{
	const char *service = json_string_value(json_object_get(from->spec, "service"));
	struct taking t = { .fields = { .known = s,
					.open = sensitive_open(s, from->side, service) } };
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)from->spec, key, value) {
		put_member(&t, key, value);
	}
	if (t.failed) {
		spec_fields_fini(&t.fields);
		return sp_fail_nomem(err);
	}
	if (t.fields.n)
		qsort(t.fields.list, t.fields.n, sizeof(*t.fields.list), by_path);
	*ret = t.fields;
	return 0;
}
