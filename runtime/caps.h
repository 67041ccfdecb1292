/* Capability sets as bit masks (capabilities(7)). */
#pragma once

#include <stdint.h>

#include "base/err.h"

#define RT_CAP(number) (UINT64_C(1) << (number))

/* The OCI default set without what a container here has no use for (MKNOD: no device node can be
 * made in a user namespace; AUDIT_WRITE; NET_RAW: ping works without it). */
extern const uint64_t rt_caps_default;

/* "NET_ADMIN", "CAP_NET_ADMIN" in either case, to its number; an unknown name is SP_E_INVALID. */
int rt_cap_parse(const char *name, int *ret, struct sp_err *err);

/* The default set plus add minus drop; "ALL" stands for every capability of the kernel. drop is
 * applied first, so that drop ALL with add X leaves X. Lists end with NULL and may be NULL. */
int rt_caps_resolve(char *const *add, char *const *drop, uint64_t *ret, struct sp_err *err);
