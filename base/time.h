/* Time: clocks in nanoseconds, RFC 3339 stamps and durations as people write them. */
#pragma once

#include <stdint.h>

#include "base/err.h"

#define SP_NS_PER_MS INT64_C(1000000)
#define SP_NS_PER_S  INT64_C(1000000000)

int64_t sp_time_mono_ns(void); /* CLOCK_MONOTONIC: for timers and ages; never goes back */
int64_t sp_time_real_ns(void); /* CLOCK_REALTIME: for stamps that people and logs read */

/* "2026-11-21T00:00:00.000000000Z" and its NUL. */
#define SP_TIME_STAMP_MAX 31
void sp_time_format(int64_t real_ns, char ret[SP_TIME_STAMP_MAX]);
int sp_time_parse(const char *stamp, int64_t *ret_real_ns,
		  struct sp_err *err); /* UTC 'Z' or +hh:mm; any fraction up to 9 digits */

/* "1m30s", "1.5s", "250ms", "2h", "10us"; a bare number is refused (Compose and Go agree on this).
 * Never negative. */
int sp_duration_parse(const char *s, int64_t *ret_ns, struct sp_err *err);

/* Shortest readable form: "850ms", "1.5s", "12s", "3m10s", "2h5m", "4d". */
#define SP_DURATION_MAX 24
void sp_duration_format(int64_t ns, char ret[SP_DURATION_MAX]);
