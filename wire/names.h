/* The names that the spec's enumerations have on the wire. Private to wire/. */
#pragma once

#include "wire/workload.h"

#define WIRE_MOUNT_TYPES(X) \
	X(VOLUME, "volume") \
	X(BIND, "bind")     \
	X(TMPFS, "tmpfs")

#define WIRE_PROBE_TYPES(X) \
	X(NONE, "none")     \
	X(HTTP, "http")     \
	X(TCP, "tcp")       \
	X(EXEC, "exec")     \
	X(POSTGRES, "postgres")

#define WIRE_RESTARTS(X)                    \
	X(ALWAYS, "always")                 \
	X(ON_FAILURE, "on-failure")         \
	X(UNLESS_STOPPED, "unless-stopped") \
	X(NO, "no")

/* Lists of names in the order of their values, ended by NULL. */
extern const char *const wire_mount_types[];
extern const char *const wire_probe_types[];
extern const char *const wire_restarts[];

int wire_name_find(const char *const *names, const char *name); /* the value, or -1 */
