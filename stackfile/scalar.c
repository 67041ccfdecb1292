/* Single values; see scalar.h. */
#include "stackfile/scalar.h"

#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "wire/target.h"

#define DAY_NS        (24 * 3600 * SP_NS_PER_S)
#define COUNT_MAX     1000
#define RETRIES_MAX   100
#define ID_MAX_NUMBER 65535 /* a container has that many ids */
#define CPU_MILLI_MAX 1000000

void read_text(const struct value *v, void *field)
{
	const char *s = value_text(v, "a string");

	if (s)
		*(char **)field = v->node->text;
}

void read_string(const struct value *v, void *field)
{
	const char *s = value_text(v, "a string");

	if (s && !*s)
		value_refuse(v, STACK_CODE_VALUE, "is empty");
	else if (s)
		*(char **)field = v->node->text;
}

/* true and false; YAML 1.1's other words only with a warning, since they once meant the same. */
void read_bool(const struct value *v, void *field)
{
	static const struct {
		const char *word;
		bool value, old;
	} words[] = { { "true", true, false }, { "false", false, false }, { "yes", true, true },
		      { "no", false, true },   { "on", true, true },      { "off", false, true } };
	const char *s = value_text(v, "true or false");

	for (size_t i = 0; s && i < SP_COUNT(words); i++) {
		if (strcasecmp(s, words[i].word) != 0)
			continue;
		*(bool *)field = words[i].value;
		if (words[i].old)
			value_note(v, STACK_WARNING, STACK_CODE_VALUE, "is '%s': write %s", s,
				   words[i].value ? "true" : "false");
		return;
	}
	if (s)
		value_refuse(v, STACK_CODE_TYPE, "expects true or false, not '%s'", s);
}

static bool number(const struct value *v, int64_t min, int64_t max, int64_t *ret)
{
	const char *s = value_text(v, "a whole number");
	int64_t n;

	if (!s)
		return false;
	if (sp_parse_i64(s, &n, NULL) < 0)
		value_refuse(v, STACK_CODE_TYPE, "expects a whole number, not '%s'", s);
	else if (n < min || n > max)
		value_refuse(v, STACK_CODE_VALUE, "is '%s', outside of %lld..%lld", s,
			     (long long)min, (long long)max);
	else
		*ret = n;
	return sp_parse_i64(s, &n, NULL) == 0 && n >= min && n <= max;
}

void read_id(const struct value *v, void *field)
{
	int64_t n;

	if (number(v, 0, ID_MAX_NUMBER, &n))
		*(uint32_t *)field = (uint32_t)n;
}

void read_replicas(const struct value *v, void *field)
{
	int64_t n;

	if (number(v, 0, COUNT_MAX, &n))
		*(uint32_t *)field = (uint32_t)n;
}

void read_retries(const struct value *v, void *field)
{
	int64_t n;

	if (number(v, 0, RETRIES_MAX, &n))
		*(uint32_t *)field = (uint32_t)n;
}

void read_positive(const struct value *v, void *field)
{
	int64_t n;

	if (number(v, 1, COUNT_MAX, &n))
		*(uint32_t *)field = (uint32_t)n;
}

void read_port(const struct value *v, void *field)
{
	int64_t n;

	if (number(v, 1, UINT16_MAX, &n))
		*(uint16_t *)field = (uint16_t)n;
}

void read_pids(const struct value *v, void *field)
{
	int64_t n;

	if (!number(v, -1, INT32_MAX, &n))
		return;
	if (n == 0)
		value_refuse(v, STACK_CODE_VALUE, "is 0: write -1 for no limit");
	else
		*(int64_t *)field = n;
}

/* 0444, "0444" and 0o444 are octal; a plain 444 would be decimal, which nobody means. */
void read_mode(const struct value *v, void *field)
{
	const char *s = value_text(v, "an octal mode such as 0440"), *digits = s;
	uint32_t mode = 0;

	if (!s)
		return;
	if (sp_str_starts(s, "0o"))
		digits = s + 2;
	for (const char *c = digits; *c; c++) {
		if (*c < '0' || *c > '7' || c - digits > 5) {
			value_refuse(v, STACK_CODE_TYPE,
				     "expects an octal mode such as 0440, not '%s'", s);
			return;
		}
		mode = mode * 8 + (uint32_t)(*c - '0');
	}
	if (s[0] != '0' || !*digits || mode > 07777)
		value_refuse(v, STACK_CODE_VALUE, "expects an octal mode such as 0440, not '%s'",
			     s);
	else
		*(uint32_t *)field = mode;
}

void read_bytes(const struct value *v, void *field)
{
	const char *s = value_text(v, "a size such as 512m or 2gb");

	uint64_t bytes;

	if (!s)
		return;
	if (sp_parse_bytes(s, &bytes, NULL) < 0)
		value_refuse(v, STACK_CODE_TYPE, "expects a size such as 512m or 2gb, not '%s'", s);
	else if (bytes > INT64_MAX)
		value_refuse(v, STACK_CODE_VALUE, "is too large");
	else
		*(uint64_t *)field = bytes;
}

/* "0.5" -> 500. More than three decimals say more than a cgroup can hold. */
static bool parse_milli(const char *s, uint32_t *ret)
{
	uint64_t milli = 0;
	int decimals = -1;

	if (!isdigit((unsigned char)*s) && *s != '.')
		return false;
	for (; *s && milli < UINT32_MAX; s++) {
		if (*s == '.' && decimals < 0) {
			decimals = 0;
			continue;
		}
		if (!isdigit((unsigned char)*s))
			return false;
		if (decimals >= 3 && *s != '0')
			return false;
		if (decimals < 3)
			milli = milli * 10 + (uint64_t)(*s - '0');
		decimals += decimals >= 0 && decimals < 3;
	}
	for (int i = decimals < 0 ? 0 : decimals; i < 3; i++)
		milli *= 10;
	*ret = (uint32_t)milli;
	return !*s && milli > 0 && milli <= CPU_MILLI_MAX;
}

void read_cpus(const struct value *v, void *field)
{
	const char *s = value_text(v, "a number of CPUs such as 0.5");
	uint32_t milli;

	if (s && parse_milli(s, &milli))
		*(uint32_t *)field = milli;
	else if (s)
		value_refuse(v, STACK_CODE_TYPE,
			     "expects a number of CPUs such as 0.5 (from 0.001), not '%s'", s);
}

static void duration(const struct value *v, int64_t max_ns, const char *max, int64_t *ret_ns)
{
	const char *s = value_text(v, "a duration such as 1m30s");
	int64_t ns;

	if (!s)
		return;
	if (sp_duration_parse(s, &ns, NULL) < 0)
		value_refuse(v, STACK_CODE_TYPE, "expects a duration such as 1m30s, not '%s'", s);
	else if (ns > max_ns)
		value_refuse(v, STACK_CODE_VALUE, "is longer than a %s", max);
	else
		*ret_ns = ns;
}

void read_duration(const struct value *v, void *field)
{
	duration(v, DAY_NS, "day", field);
}

void read_lifetime(const struct value *v, void *field)
{
	duration(v, 366 * DAY_NS, "year", field);
}

void read_strings(const struct value *v, void *field)
{
	char ***list = field;

	if (!value_is_list(v))
		return;
	*list = stack_arena_strv_empty(v->r->arena);
	for (size_t i = 0; i < v->node->n; i++) {
		struct value item = value_child(v, i);

		if (value_text(&item, "a string"))
			stack_arena_strv_push(v->r->arena, list, item.node->text);
	}
}

static bool climbs(const char *path)
{
	for (const char *c = path; (c = strstr(c, "..")); c += 2)
		if ((c == path || c[-1] == '/') && (c[2] == '/' || !c[2]))
			return true;
	return false;
}

char *clean_path(struct reader *r, const char *path)
{
	char *clean = stack_arena_zalloc(r->arena, strlen(path) + 2), *out = clean;

	while (clean && *path) {
		if (path[0] == '/' && (path[1] == '/' || !path[1])) {
			path++;
		} else if (path[0] == '/' && path[1] == '.' && (path[2] == '/' || !path[2])) {
			path += 2;
		} else {
			*out++ = *path++;
		}
	}
	if (clean && out == clean)
		*out = '/';
	return clean;
}

bool check_abs_path(const struct value *v, const char *path)
{
	if (path[0] != '/')
		value_refuse(v, STACK_CODE_VALUE, "is not an absolute path: '%s'", path);
	else if (climbs(path))
		value_refuse(v, STACK_CODE_VALUE, "has '..' in the path '%s'", path);
	else if (strlen(path) >= PATH_MAX)
		value_refuse(v, STACK_CODE_LIMIT, "is a path of more than %d bytes", PATH_MAX - 1);
	else if (path[strspn(path, "/.")] == '\0')
		value_refuse(v, STACK_CODE_VALUE, "is the root directory");
	else
		return true;
	return false;
}

bool check_target(const struct value *v, const char *path)
{
	const char *clean = check_abs_path(v, path) ? clean_path(v->r, path) : NULL;

	if (!clean)
		return false;
	if (!wire_target_free(clean))
		value_refuse(v, STACK_CODE_VALUE,
			     "mounts on '%s': " WIRE_TARGETS_OWN " are the container's own", clean);
	return wire_target_free(clean);
}

void read_abs_path(const struct value *v, void *field)
{
	const char *path = value_text(v, "an absolute path");

	if (path && check_abs_path(v, path))
		*(char **)field = clean_path(v->r, path);
}

void read_ignored(const struct value *v, void *field)
{
	(void)v;
	(void)field;
}

int read_choice(const struct value *v, const char *const *words)
{
	autobuf struct sp_buf list = { 0 };
	const char *s = value_text(v, "a word");

	for (int i = 0; s && words[i]; i++) {
		if (!strcmp(s, words[i]))
			return i;
		sp_buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
	}
	if (s)
		value_refuse(v, STACK_CODE_VALUE, "is '%s', not one of: %s", s,
			     list.data ? list.data : "");
	return -1;
}
