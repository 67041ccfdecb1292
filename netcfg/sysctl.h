/* net.* settings of a network namespace, through /proc/sys/net as seen from inside it. */
#pragma once

#include "base/err.h"

/*
 * name is dotted ("net.ipv4.ip_forward"); only net.* is taken (SP_E_INVALID), and a link name with
 * a dot in it is written with a slash there, as sysctl(8) does. netns -1 is the caller's own.
 * Returns 1 when the value changed, 0 when it was there already.
 */
int net_sysctl_put(int netns, const char *name, const char *value, struct sp_err *err);
/* Its value without the line's end; NOT_FOUND where this kernel has no such setting. */
int net_sysctl_get(int netns, const char *name, char *ret, size_t room, struct sp_err *err);
