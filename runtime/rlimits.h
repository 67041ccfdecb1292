/* Resource limits of another process (prlimit(2)), set from outside, where they may be raised. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "runtime/spec.h"

/* A hard limit that we may not raise (no CAP_SYS_RESOURCE) is left where it is, and told in
 * warning, once for all. An unknown name is INVALID. */
int rt_rlimits_apply(pid_t pid, const struct rt_rlimit *limits, size_t n, char *warning,
		     size_t room, struct sp_err *err);

/* What a process has: -1 is unlimited. */
int rt_rlimits_read(pid_t pid, const char *name, int64_t *ret_soft, int64_t *ret_hard,
		    struct sp_err *err);
/* What a process gets that is given *l by us: less than asked for where we may not raise it. */
int rt_rlimits_granted(const struct rt_rlimit *l, int64_t *ret_soft, int64_t *ret_hard,
		       struct sp_err *err);

/* Give `to` all the limits that `from` has; what may not be raised goes as high as it may. */
int rt_rlimits_copy(pid_t from, pid_t to, struct sp_err *err);
