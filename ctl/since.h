/* Points in time as people say them: a stamp, or how long ago. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* "2026-11-21T08:00:00Z" or "10m" (before now) to nanoseconds of the real-time clock; NULL is 0. */
int ctl_since_parse(const char *text, int64_t *ret_real_ns, struct sp_err *err);
