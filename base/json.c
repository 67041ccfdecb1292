/* JSON over jansson; see json.h. */
#include "base/json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

int sp_json_parse(const char *text, size_t len, json_t **ret, struct sp_err *err)
{
	json_error_t where;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);

	if (!j)
		return sp_fail(err, SP_E_INVALID, "JSON line %d column %d: %s", where.line,
			       where.column, where.text);
	*ret = j;
	return 0;
}

char *sp_json_text(const json_t *j)
{
	return json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
}

char *sp_json_canonical(const json_t *j)
{
	return json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

static void quote_char(struct sp_buf *out, char c)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *at = strchr(plain, c);

	if (at)
		sp_buf_printf(out, "\\%c", letters[at - plain]);
	else
		sp_buf_printf(out, "\\u%04x", (unsigned int)c);
}

void sp_json_quote(struct sp_buf *out, const char *s)
{
	static const char special[] = "\"\\\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17"
				      "\20\21\22\23\24\25\26\27\30\31\32\33\34\35\36\37";

	sp_buf_putc(out, '"');
	while (*s) {
		size_t n = strcspn(s, special);

		sp_buf_append(out, s, n);
		s += n;
		if (*s)
			quote_char(out, *s++);
	}
	sp_buf_putc(out, '"');
}

json_t *sp_json_stamp(int64_t at_ns)
{
	char text[SP_TIME_STAMP_MAX];

	if (!at_ns)
		return json_null();
	sp_time_format(at_ns, text);
	return json_string(text);
}

void sp_json_open(struct sp_json_reader *r, json_t *object, const char *path, struct sp_err *err)
{
	*r = (struct sp_json_reader){ .object = object, .err = err };
	snprintf(r->path, sizeof(r->path), "%s", path);
	if (!json_is_object(object)) {
		r->error = sp_fail(err, SP_E_INVALID, "%s: not an object", path);
		r->object = NULL;
	}
}

void sp_json_refuse(struct sp_json_reader *r, const char *key, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (r->error)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->error = sp_fail(r->err, SP_E_INVALID, "%s.%s: %s", r->path, key, text);
}

/* The member, marked as asked for; null counts as absent. */
static json_t *member(struct sp_json_reader *r, const char *key)
{
	json_t *v;

	if (r->error)
		return NULL;
	if (r->n_seen == SP_JSON_SEEN_MAX) {
		sp_json_refuse(r, key, "object asked for more than %d members", SP_JSON_SEEN_MAX);
		return NULL;
	}
	r->seen[r->n_seen++] = key;
	v = json_object_get(r->object, key);
	return json_is_null(v) ? NULL : v;
}

static json_t *needed(struct sp_json_reader *r, const char *key)
{
	json_t *v = member(r, key);

	if (!v)
		sp_json_refuse(r, key, "is missing");
	return v;
}

static const char *as_string(struct sp_json_reader *r, const char *key, json_t *v,
			     const char *fallback)
{
	if (!v)
		return fallback;
	if (!json_is_string(v)) {
		sp_json_refuse(r, key, "is not a string");
		return fallback;
	}
	return json_string_value(v);
}

const char *sp_json_str(struct sp_json_reader *r, const char *key, const char *fallback)
{
	return as_string(r, key, member(r, key), fallback);
}

const char *sp_json_need_str(struct sp_json_reader *r, const char *key)
{
	return as_string(r, key, needed(r, key), NULL);
}

static int64_t as_int(struct sp_json_reader *r, const char *key, json_t *v, int64_t min,
		      int64_t max, int64_t fallback)
{
	if (!v)
		return fallback;
	if (!json_is_integer(v)) {
		sp_json_refuse(r, key, "is not a whole number");
		return fallback;
	}
	if (json_integer_value(v) < min || json_integer_value(v) > max) {
		sp_json_refuse(r, key, "is not between %lld and %lld", (long long)min,
			       (long long)max);
		return fallback;
	}
	return json_integer_value(v);
}

int64_t sp_json_int(struct sp_json_reader *r, const char *key, int64_t min, int64_t max,
		    int64_t fallback)
{
	return as_int(r, key, member(r, key), min, max, fallback);
}

int64_t sp_json_need_int(struct sp_json_reader *r, const char *key, int64_t min, int64_t max)
{
	return as_int(r, key, needed(r, key), min, max, 0);
}

bool sp_json_bool(struct sp_json_reader *r, const char *key, bool fallback)
{
	json_t *v = member(r, key);

	if (v && !json_is_boolean(v))
		sp_json_refuse(r, key, "is not true or false");
	return v ? json_is_true(v) : fallback;
}

double sp_json_real(struct sp_json_reader *r, const char *key, double fallback)
{
	json_t *v = member(r, key);

	if (v && !json_is_number(v))
		sp_json_refuse(r, key, "is not a number");
	return v ? json_number_value(v) : fallback;
}

json_t *sp_json_array(struct sp_json_reader *r, const char *key)
{
	json_t *v = member(r, key);

	if (v && !json_is_array(v)) {
		sp_json_refuse(r, key, "is not a list");
		return NULL;
	}
	return v;
}

json_t *sp_json_object(struct sp_json_reader *r, const char *key)
{
	json_t *v = member(r, key);

	if (v && !json_is_object(v)) {
		sp_json_refuse(r, key, "is not an object");
		return NULL;
	}
	return v;
}

char **sp_json_strv(struct sp_json_reader *r, const char *key)
{
	json_t *list = sp_json_array(r, key), *item;
	char **v = list ? calloc(1, sizeof(*v)) : NULL;
	size_t i;

	if (list && !v)
		r->error = sp_fail_nomem(r->err);
	json_array_foreach (list, i, item) {
		const char *s = as_string(r, key, item, NULL);

		if (r->error)
			break;
		if (sp_strv_push(&v, s) < 0)
			r->error = sp_fail_nomem(r->err);
	}
	if (r->error) {
		sp_strv_free(v);
		return NULL;
	}
	return v;
}

static bool was_seen(const struct sp_json_reader *r, const char *key)
{
	for (size_t i = 0; i < r->n_seen; i++)
		if (!strcmp(r->seen[i], key))
			return true;
	return false;
}

int sp_json_done(struct sp_json_reader *r)
{
	const char *key;
	json_t *v;

	if (r->error)
		return r->error;
	json_object_foreach (r->object, key, v) {
		if (!was_seen(r, key)) {
			sp_json_refuse(r, key, "unknown key");
			break;
		}
	}
	return r->error;
}
