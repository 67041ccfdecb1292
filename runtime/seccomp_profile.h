/*
 * The default seccomp profile as data: which system calls are allowed, which need a capability,
 * and which are refused.
 *
 * A call that is in no list gets ENOSYS, so that programs fall back as on an older kernel; a call
 * that is known and refused gets EPERM.
 */
#pragma once

#include <stdint.h>

extern const char *const rt_seccomp_allowed[]; /* ends with NULL, like the next */
extern const char *const rt_seccomp_refused[]; /* unless a capability below allows it */

struct rt_seccomp_grant {
	uint64_t cap;             /* with this capability ... */
	const char *const *calls; /* ... these are allowed too */
};

extern const struct rt_seccomp_grant rt_seccomp_grants[]; /* ends with calls NULL */
