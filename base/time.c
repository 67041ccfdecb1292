/* Time; see time.h. */
#include "base/time.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TENTH_NS      (SP_NS_PER_S / 10)
#define NS_PER_MINUTE (60 * SP_NS_PER_S)
#define NS_PER_HOUR   (60 * NS_PER_MINUTE)
#define NS_PER_DAY    (24 * NS_PER_HOUR)

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * SP_NS_PER_S + ts.tv_nsec;
}

int64_t sp_time_mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t sp_time_real_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

void sp_time_format(int64_t real_ns, char ret[SP_TIME_STAMP_MAX])
{
	time_t s = (time_t)(real_ns / SP_NS_PER_S);
	int64_t ns = real_ns % SP_NS_PER_S;
	struct tm tm;
	size_t n;

	if (ns < 0) {
		ns += SP_NS_PER_S;
		s--;
	}
	gmtime_r(&s, &tm);
	n = strftime(ret, SP_TIME_STAMP_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret + n, SP_TIME_STAMP_MAX - n, ".%09" PRId64 "Z", ns);
}

/* The digits after the point as nanoseconds; moves *p past them. -1 when there is none or more than
 * nine. */
static int64_t parse_fraction(const char **p)
{
	int64_t ns = 0;
	int digits = 0;

	while (isdigit((unsigned char)**p) && digits < 10) {
		ns = ns * 10 + (**p - '0');
		(*p)++;
		digits++;
	}
	if (digits < 1 || digits > 9)
		return -1;
	for (; digits < 9; digits++)
		ns *= 10;
	return ns;
}

/* "Z" or "+hh:mm" to its end; the offset in seconds, or -1 on anything else (no offset is -1 s). */
static int parse_zone(const char *p)
{
	unsigned int h, m;
	int end = 0, sign;

	if (!strcmp(p, "Z"))
		return 0;
	sign = *p == '-' ? -1 : 1;
	if ((*p != '+' && *p != '-') || sscanf(p + 1, "%2u:%2u%n", &h, &m, &end) != 2 || end != 5 ||
	    p[6] || h > 23 || m > 59)
		return -1;
	return sign * (int)(h * 3600 + m * 60);
}

int sp_time_parse(const char *stamp, int64_t *ret_real_ns, struct sp_err *err)
{
	struct tm tm = { 0 };
	const char *p = strptime(stamp, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t ns = 0;
	int zone;

	if (p && *p == '.') {
		p++;
		ns = parse_fraction(&p);
	}
	zone = p && ns >= 0 ? parse_zone(p) : -1;
	if (zone == -1)
		return sp_fail(err, SP_E_INVALID, "'%s' is not a time such as 2026-11-21T00:00:00Z",
			       stamp);
	*ret_real_ns = ((int64_t)timegm(&tm) - zone) * SP_NS_PER_S + ns;
	return 0;
}

static const struct {
	const char *name;
	int64_t ns;
} units[] = {
	{ "ns", 1 },          { "us", 1000 },         { "ms", SP_NS_PER_MS },
	{ "s", SP_NS_PER_S }, { "m", NS_PER_MINUTE }, { "h", NS_PER_HOUR },
	{ "d", NS_PER_DAY },
};

static int64_t unit_ns(const char *p, size_t len)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == len && !strncmp(units[i].name, p, len))
			return units[i].ns;
	return 0;
}

int sp_duration_parse(const char *s, int64_t *ret_ns, struct sp_err *err)
{
	long double total = 0;
	const char *p = s;

	do {
		long double v;
		size_t len = 0;
		int64_t unit;
		char *end;

		if (!isdigit((unsigned char)*p) ||
		    (p[0] == '0' && tolower((unsigned char)p[1]) == 'x'))
			goto invalid;
		v = strtold(p, &end);
		while (isalpha((unsigned char)end[len]))
			len++;
		unit = unit_ns(end, len);
		if (!unit)
			goto invalid;
		total += v * (long double)unit;
		p = end + len;
	} while (*p);
	if (!(total < (long double)INT64_MAX))
		return sp_fail(err, SP_E_INVALID, "duration '%s' is too long", s);
	*ret_ns = (int64_t)total;
	return 0;
invalid:
	return sp_fail(err, SP_E_INVALID, "'%s' is not a duration such as 30s or 1m30s", s);
}

void sp_duration_format(int64_t ns, char ret[SP_DURATION_MAX])
{
	if (ns < SP_NS_PER_S)
		snprintf(ret, SP_DURATION_MAX, "%" PRId64 "ms", ns / SP_NS_PER_MS);
	else if (ns < NS_PER_MINUTE && ns % SP_NS_PER_S >= TENTH_NS)
		snprintf(ret, SP_DURATION_MAX, "%" PRId64 ".%" PRId64 "s", ns / SP_NS_PER_S,
			 ns % SP_NS_PER_S / TENTH_NS);
	else if (ns < NS_PER_MINUTE)
		snprintf(ret, SP_DURATION_MAX, "%" PRId64 "s", ns / SP_NS_PER_S);
	else if (ns < NS_PER_HOUR)
		snprintf(ret, SP_DURATION_MAX, "%" PRId64 "m%" PRId64 "s", ns / NS_PER_MINUTE,
			 ns % NS_PER_MINUTE / SP_NS_PER_S);
	else if (ns < NS_PER_DAY)
		snprintf(ret, SP_DURATION_MAX, "%" PRId64 "h%" PRId64 "m", ns / NS_PER_HOUR,
			 ns % NS_PER_HOUR / NS_PER_MINUTE);
	else
		snprintf(ret, SP_DURATION_MAX, "%" PRId64 "d", ns / NS_PER_DAY);
}
