/* The cage of a process that reads what a stranger wrote: one directory is all it can reach. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * fork(2) into a PID namespace of its own: the child can name no process but itself, so it cannot
 * signal others of its uid. For a single-threaded caller (fork handlers do not run). Needs root.
 */
pid_t img_fork_alone(struct sp_err *err); /* 0 in the child, its pid here, or -errno */

/*
 * Confine the calling, single-threaded process to the directory rootfd for good: own mount,
 * network, IPC and UTS namespaces, pivot_root (mounted nosuid, nodev, noexec), no other descriptor
 * but 0..2 and keep[], no new privileges, at most 64 files and 512 MiB of memory, and of the
 * capabilities only CHOWN, DAC_OVERRIDE, FOWNER, FSETID and SETFCAP. The new "/" is the working
 * directory. Needs root; Linux 5.12 (mount_setattr).
 */
int img_confine(int rootfd, const int *keep, size_t n_keep, struct sp_err *err);

/* Close every descriptor but 0..2 and the n of keep. */
void img_close_others(const int *keep, size_t n);
