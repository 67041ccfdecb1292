/* Time: stamps and durations go out and come back. */
#include "base/time.h"

#include <criterion/criterion.h>

Test(time, a_stamp_has_nanoseconds_and_a_zone)
{
	char stamp[SP_TIME_STAMP_MAX];

	sp_time_format(INT64_C(1795219200) * SP_NS_PER_S + 7, stamp);
	cr_expect_str_eq(stamp, "2026-11-21T00:00:00.000000007Z");
	sp_time_format(-1, stamp);
	cr_expect_str_eq(stamp, "1969-12-31T23:59:59.999999999Z");
}

Test(time, stamps_are_read_with_their_zone_and_fraction)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = { { "1970-01-01T00:00:01Z", SP_NS_PER_S },
		     { "1970-01-01T00:00:00.5Z", SP_NS_PER_S / 2 },
		     { "1970-01-01T01:00:00+01:00", 0 },
		     { "1969-12-31T23:30:00-00:30", 0 },
		     { "1970-01-01T00:00:00.000000001Z", 1 } };
	static const char *const bad[] = { "",
					   "now",
					   "1970-01-01",
					   "1970-01-01T00:00:00",
					   "1970-01-01T00:00:00.Z",
					   "1970-01-01T00:00:00+1",
					   "1970-01-01T00:00:00Zx",
					   "1970-01-01T00:00:00.1234567890Z",
					   "1970-01-01T00:00:00+24:00" };
	int64_t ns;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_expect_eq(sp_time_parse(good[i].text, &ns, NULL), 0, "%s", good[i].text);
		cr_expect_eq(ns, good[i].ns, "%s", good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_lt(sp_time_parse(bad[i], &ns, NULL), 0, "%s", bad[i]);
}

Test(time, durations_are_read_as_compose_writes_them)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = { { "30s", 30 * SP_NS_PER_S },
		     { "1m30s", 90 * SP_NS_PER_S },
		     { "1.5s", 1500 * SP_NS_PER_MS },
		     { "250ms", 250 * SP_NS_PER_MS },
		     { "10us", 10000 },
		     { "1h1m1s", 3661 * SP_NS_PER_S },
		     { "0s", 0 } };
	static const char *const bad[] = { "",   "30",  "s",      "-1s",  "1 s",
					   "1x", "1s2", "1e400s", "0x1s", "999999999999h" };
	int64_t ns;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_expect_eq(sp_duration_parse(good[i].text, &ns, NULL), 0, "%s", good[i].text);
		cr_expect_eq(ns, good[i].ns, "%s", good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_lt(sp_duration_parse(bad[i], &ns, NULL), 0, "%s", bad[i]);
}

Test(time, durations_are_printed_short)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = { { 0, "0ms" },
		     { 850 * SP_NS_PER_MS, "850ms" },
		     { 1999 * SP_NS_PER_MS, "1.9s" },
		     { 12 * SP_NS_PER_S + 99 * SP_NS_PER_MS, "12s" },
		     { 190 * SP_NS_PER_S, "3m10s" },
		     { 7500 * SP_NS_PER_S, "2h5m" },
		     { 4 * 86400 * SP_NS_PER_S, "4d" } };
	char text[SP_DURATION_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sp_duration_format(rows[i].ns, text);
		cr_expect_str_eq(text, rows[i].text);
	}
}

Test(time, the_monotonic_clock_never_goes_back)
{
	int64_t last = sp_time_mono_ns();

	for (int i = 0; i < 1000; i++) {
		int64_t now = sp_time_mono_ns();

		cr_assert_geq(now, last);
		last = now;
	}
}
