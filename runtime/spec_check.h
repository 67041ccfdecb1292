/* Whether a spec makes sense, before anything is done for it. */
#pragma once

#include "base/err.h"
#include "runtime/spec.h"

#define RT_IDS_MIN 1000 /* fewer host ids than this are not enough for any image */

int rt_spec_check(const struct rt_spec *spec, struct sp_err *err);
/* "net.core.somaxconn" to "net/core/somaxconn"; what no namespace owns is refused. */
int rt_sysctl_path(const char *key, char *ret, size_t room, struct sp_err *err);
