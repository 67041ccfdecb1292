/*
 * Seccomp filters: the profile compiled to BPF once by libseccomp, kept in a cache.
 *
 * A compilation takes some ten milliseconds, so it is done once for each distinct set of system
 * calls, and kept in memory and in a file named by the digest of the profile, the version of
 * libseccomp, the architecture and the kernel. A cache that cannot be read or written, or holds
 * something else, is only a miss.
 */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct rt_filter {
	struct sock_filter *code;
	unsigned short len; /* instructions */
};

struct rt_seccomp_cache;

/* dir NULL: memory only. It need not exist yet. */
int rt_seccomp_cache_new(const char *dir, struct rt_seccomp_cache **ret, struct sp_err *err);
void rt_seccomp_cache_free(struct rt_seccomp_cache *c); /* takes NULL */

/* The filter for a process with these capabilities; lent until the cache is freed. */
int rt_seccomp_get(struct rt_seccomp_cache *c, uint64_t caps, const struct rt_filter **ret,
		   struct sp_err *err);
