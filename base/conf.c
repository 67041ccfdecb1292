/* Configuration files; see conf.h. */
#include "base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "base/url.h"

#define CONF_FILE_MAX (1 << 20)
#define CONF_KEYS_MAX 64

static void *slot_of(const struct sp_conf_key *k, void *conf)
{
	return (char *)conf + k->offset;
}

static int check_range(const struct sp_conf_key *k, int64_t v, const char *text, struct sp_err *err)
{
	if ((k->min || k->max) && (v < k->min || v > k->max))
		return sp_fail(err, SP_E_INVALID, "'%s' is outside of what it allows", text);
	return 0;
}

static int set_str(const struct sp_conf_key *k, void *conf, const char *value, struct sp_err *err)
{
	char **slot = slot_of(k, conf), *copy = strdup(value);

	if (!copy)
		return sp_fail_nomem(err);
	free(*slot);
	*slot = copy;
	return 0;
}

static int set_bool(const struct sp_conf_key *k, void *conf, const char *value, struct sp_err *err)
{
	if (strcmp(value, "true") && strcmp(value, "false"))
		return sp_fail(err, SP_E_INVALID, "'%s' is neither true nor false", value);
	*(bool *)slot_of(k, conf) = !strcmp(value, "true");
	return 0;
}

static int set_number(const struct sp_conf_key *k, void *conf, const char *value,
		      struct sp_err *err)
{
	int64_t v;
	int r = k->type == SP_CONF_INT ? sp_parse_i64(value, &v, err)
				       : sp_duration_parse(value, &v, err);

	if (r == 0)
		r = check_range(k, v, value, err);
	if (r == 0)
		*(int64_t *)slot_of(k, conf) = v;
	return r;
}

static int set_value(const struct sp_conf_key *k, void *conf, const char *value, struct sp_err *err)
{
	switch (k->type) {
	case SP_CONF_STR:
	case SP_CONF_URL:
		return set_str(k, conf, value, err);
	case SP_CONF_BOOL:
		return set_bool(k, conf, value, err);
	case SP_CONF_INT:
	case SP_CONF_DURATION:
		return set_number(k, conf, value, err);
	case SP_CONF_BYTES:
		return sp_parse_bytes(value, slot_of(k, conf), err);
	}
	return sp_fail(err, SP_E_INTERNAL, "key %s has no type", k->name);
}

static int set_key(const struct sp_conf_key *k, void *conf, const char *value, struct sp_err *err)
{
	int r = set_value(k, conf, value, err);

	return r < 0 ? sp_err_prefix(err, "%s", k->name) : 0;
}

static const struct sp_conf_key *find_key(const struct sp_conf_key *keys, const char *name,
					  struct sp_err *err)
{
	const char *names[CONF_KEYS_MAX + 1];
	const char *near;
	size_t n = 0;

	for (const struct sp_conf_key *k = keys; k->name && n < CONF_KEYS_MAX; k++) {
		if (!strcmp(k->name, name))
			return k;
		names[n++] = k->name;
	}
	names[n] = NULL;
	near = sp_str_nearest(name, names);
	if (near)
		sp_fail(err, SP_E_INVALID, "unknown key '%s'; did you mean '%s'", name, near);
	else
		sp_fail(err, SP_E_INVALID, "unknown key '%s'", name);
	return NULL;
}

int sp_conf_set(const struct sp_conf_key *keys, void *conf, const char *name, const char *value,
		struct sp_err *err)
{
	const struct sp_conf_key *k = find_key(keys, name, err);

	if (!k)
		return -EINVAL;
	return set_key(k, conf, value, err);
}

/* Take the quotes off a quoted value, or the comment off a bare one, in place. */
static int clean_value(char **value, struct sp_err *err)
{
	char *v = *value, *end;

	if (*v != '"') {
		v[strcspn(v, "#")] = '\0';
		*value = sp_str_trim(v);
		return 0;
	}
	end = strchr(v + 1, '"');
	if (!end)
		return sp_fail(err, SP_E_INVALID, "the quote is not closed");
	*end = '\0';
	end = sp_str_trim(end + 1);
	if (*end && *end != '#')
		return sp_fail(err, SP_E_INVALID, "'%s' after the closing quote", end);
	*value = v + 1;
	return 0;
}

static int apply_line(const struct sp_conf_key *keys, void *conf, char *line, uint64_t *seen,
		      struct sp_err *err)
{
	char *name = sp_str_trim(line), *value;
	const struct sp_conf_key *k;
	int r;

	if (!*name || *name == '#')
		return 0;
	value = strchr(name, '=');
	if (!value)
		return sp_fail(err, SP_E_INVALID, "'%s' is not `key = value`", name);
	*value++ = '\0';
	name = sp_str_trim(name);
	value = sp_str_trim(value);
	r = clean_value(&value, err);
	if (r < 0)
		return r;
	k = find_key(keys, name, err);
	if (!k)
		return -EINVAL;
	if (*seen & (UINT64_C(1) << (k - keys)))
		return sp_fail(err, SP_E_INVALID, "'%s' is set twice", name);
	*seen |= UINT64_C(1) << (k - keys);
	return set_key(k, conf, value, err);
}

static int load_fallbacks(const struct sp_conf_key *keys, void *conf, struct sp_err *err)
{
	for (const struct sp_conf_key *k = keys; k->name; k++) {
		int r = k->fallback ? set_key(k, conf, k->fallback, err) : 0;

		if (r < 0)
			return sp_err_prefix(err, "fallback");
	}
	return 0;
}

int sp_conf_load(const struct sp_conf_key *keys, void *conf, const char *path, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	char *next, *line;
	uint64_t seen = 0;
	int number = 0;
	int r = load_fallbacks(keys, conf, err);

	if (r == 0 && path)
		r = sp_file_read_at(AT_FDCWD, path, CONF_FILE_MAX, &text, err);
	if (r < 0 || !path || !text.data)
		return r;
	next = text.data;
	while ((line = strsep(&next, "\n"))) {
		number++;
		r = apply_line(keys, conf, line, &seen, err);
		if (r < 0) {
			sp_err_prefix(err, "%s:%d", path, number);
			return r;
		}
	}
	return 0;
}

static void print_value(const struct sp_conf_key *k, const void *slot, FILE *out)
{
	char text[SP_DURATION_MAX];
	autofree char *url = NULL;

	switch (k->type) {
	case SP_CONF_STR:
		fprintf(out, "\"%s\"", *(char *const *)slot ? *(char *const *)slot : "");
		break;
	case SP_CONF_URL:
		url = sp_url_masked(*(char *const *)slot ? *(char *const *)slot : "");
		fprintf(out, "\"%s\"", url ? url : "");
		break;
	case SP_CONF_INT:
		fprintf(out, "%" PRId64, *(const int64_t *)slot);
		break;
	case SP_CONF_BOOL:
		fputs(*(const bool *)slot ? "true" : "false", out);
		break;
	case SP_CONF_DURATION:
		sp_duration_format(*(const int64_t *)slot, text);
		fputs(text, out);
		break;
	case SP_CONF_BYTES:
		fprintf(out, "%" PRIu64, *(const uint64_t *)slot);
		break;
	}
}

void sp_conf_print(const struct sp_conf_key *keys, const void *conf, FILE *out)
{
	for (const struct sp_conf_key *k = keys; k->name; k++) {
		fprintf(out, "# %s\n%s = ", k->help, k->name);
		print_value(k, (const char *)conf + k->offset, out);
		fputc('\n', out);
	}
}

void sp_conf_fini(const struct sp_conf_key *keys, void *conf)
{
	for (const struct sp_conf_key *k = keys; k->name; k++) {
		char **slot = slot_of(k, conf);

		if (k->type != SP_CONF_STR && k->type != SP_CONF_URL)
			continue;
		free(*slot);
		*slot = NULL;
	}
}
