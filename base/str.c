/* Strings; see str.h. */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool sp_str_eq(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool sp_str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool sp_str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !strcmp(s + n - m, suffix);
}

char *sp_str_trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

char *sp_str_format(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}

int sp_parse_u64(const char *s, uint64_t *ret, struct sp_err *err)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)s[0]))
		return sp_fail(err, SP_E_INVALID, "'%s' is not a whole number", s);
	errno = 0;
	v = strtoull(s, &end, 10);
	if (*end)
		return sp_fail(err, SP_E_INVALID, "'%s' is not a whole number", s);
	if (errno == ERANGE)
		return sp_fail(err, SP_E_INVALID, "'%s' is too large", s);
	*ret = v;
	return 0;
}

int sp_parse_i64(const char *s, int64_t *ret, struct sp_err *err)
{
	bool negative = s[0] == '-';
	uint64_t v;
	int r = sp_parse_u64(s + negative, &v, NULL);

	if (r < 0)
		return sp_fail(err, SP_E_INVALID, "'%s' is not a whole number", s);
	if (v > (uint64_t)INT64_MAX + negative)
		return sp_fail(err, SP_E_INVALID, "'%s' is too large", s);
	*ret = negative ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

int sp_parse_u32(const char *s, uint32_t *ret, struct sp_err *err)
{
	uint64_t v;
	int r = sp_parse_u64(s, &v, err);

	if (r < 0)
		return r;
	if (v > UINT32_MAX)
		return sp_fail(err, SP_E_INVALID, "'%s' is too large", s);
	*ret = (uint32_t)v;
	return 0;
}

/* The power of 1024 a unit stands for, or -1: "", b, k, kb, m, mb, g, gb, t, tb in either case. */
static int unit_power(const char *unit)
{
	static const char letters[] = "bkmgt";
	const char *p;

	if (!*unit)
		return 0;
	p = strchr(letters, tolower((unsigned char)*unit));
	if (!p || !*p)
		return -1;
	if (unit[1] && (p == letters || tolower((unsigned char)unit[1]) != 'b' || unit[2]))
		return -1;
	return (int)(p - letters);
}

int sp_parse_bytes(const char *s, uint64_t *ret_bytes, struct sp_err *err)
{
	long double v;
	char *end;
	int power;

	if (!isdigit((unsigned char)s[0]) || s[1] == 'x' || s[1] == 'X')
		return sp_fail(err, SP_E_INVALID, "'%s' is not a size such as 512m or 2gb", s);
	v = strtold(s, &end);
	power = unit_power(end);
	if (power < 0)
		return sp_fail(err, SP_E_INVALID, "'%s' is not a size such as 512m or 2gb", s);
	while (power-- > 0)
		v *= 1024;
	if (!(v < (long double)UINT64_MAX))
		return sp_fail(err, SP_E_INVALID, "'%s' is too large", s);
	*ret_bytes = (uint64_t)v;
	return 0;
}

static bool id_edge(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool sp_id_valid(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (n < 1 || n > SP_ID_MAX || !id_edge(s[0]) || !id_edge(s[n - 1]) || strstr(s, ".."))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!id_edge(s[i]) && !strchr("-_.", s[i]))
			return false;
	return true;
}

/* Levenshtein distance of words shorter than NEAR_MAX; longer words are never near. */
#define NEAR_MAX 48

static size_t distance(const char *a, const char *b)
{
	size_t row[NEAR_MAX + 1], n = strlen(a), m = strlen(b);

	if (n > NEAR_MAX || m > NEAR_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[m];
}

const char *sp_str_nearest(const char *word, const char *const *candidates)
{
	const char *best = NULL;
	size_t limit = strlen(word) / 3 + 1, nearest = SIZE_MAX;

	for (; *candidates; candidates++) {
		size_t d = distance(word, *candidates);

		if (d <= limit && d < nearest) {
			nearest = d;
			best = *candidates;
		}
	}
	return best;
}

size_t sp_strv_count(char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}

void sp_strv_free(char **v)
{
	for (size_t i = 0; v && v[i]; i++)
		free(v[i]);
	free(v);
}

int sp_strv_push(char ***v, const char *s)
{
	size_t n = sp_strv_count(*v);
	char **grown = reallocarray(*v, n + 2, sizeof(**v));

	if (!grown)
		return -ENOMEM;
	*v = grown;
	grown[n] = strdup(s);
	grown[n + 1] = NULL;
	return grown[n] ? 0 : -ENOMEM;
}

char **sp_strv_copy(char *const *v)
{
	char **copy = calloc(sp_strv_count(v) + 1, sizeof(*copy));

	if (!v || !copy) {
		free(copy);
		return NULL;
	}
	for (size_t i = 0; v[i]; i++) {
		copy[i] = strdup(v[i]);
		if (!copy[i]) {
			sp_strv_free(copy);
			return NULL;
		}
	}
	return copy;
}
