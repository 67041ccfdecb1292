/* User namespace id maps, and mounts seen through them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Write uid_map and gid_map of a fresh user namespace: ids 0..n-1 inside are first..first+n-1. */
int rt_idmap_write(pid_t pid, uint32_t first, uint32_t n, struct sp_err *err);

/* The host ids of a process's user namespace: [*ret_first, *ret_first + *ret_n) are 0..n-1 inside.
 * A map that is not one such range is CONFLICT. */
int rt_idmap_read(pid_t pid, uint32_t *ret_first, uint32_t *ret_n, struct sp_err *err);

/*
 * A detached, private copy of the mount at path (a directory or a file), with the MOUNT_ATTR_* of
 * attrs, its ids mapped by userns_fd (-1: as they are). With submounts also what is mounted below.
 * Caller owns the fd. Idmapped mounts: Linux 5.12; on tmpfs 6.3.
 */
int rt_mount_clone(const char *path, bool submounts, uint64_t attrs, int userns_fd,
		   struct sp_err *err);
/* The same of what is open, with submounts; name is for messages. */
int rt_mount_clone_fd(int fd, const char *name, uint64_t attrs, int userns_fd, struct sp_err *err);
