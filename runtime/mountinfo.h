/* What is mounted in a process's mount namespace, as /proc/PID/mountinfo tells it (proc(5)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct rt_mounted {
	const char *root; /* what of its file system is mounted: "/" or a directory or file in it */
	const char *target;  /* the mount point */
	const char *type;    /* "overlay" */
	const char *options; /* of the mount: "ro,nosuid,nodev" */
	const char *super;   /* of the file system: "rw,lowerdir+=..." */
	bool read_only;
};

/* fn is called for each mount, in the order of the table; what it is lent is gone afterwards. A
 * process that is gone is NOT_FOUND. */
typedef void (*rt_mounted_fn)(const struct rt_mounted *m, void *state);
int rt_mountinfo_each(pid_t pid, rt_mounted_fn fn, void *state, struct sp_err *err);

/* One line, taken apart in place; false when it is not one. */
bool rt_mountinfo_parse(char *line, struct rt_mounted *ret);

/* How many layers an overlay's options name. */
size_t rt_mountinfo_layers(const char *super);
