/* The cage of a process that reads what a stranger wrote: one directory is all it can reach. */
#pragma once

#include <stddef.h>

#include "base/err.h"

/*
 * Confine the calling, single-threaded process to the directory rootfd for good: own mount,
 * network, IPC and UTS namespaces, pivot_root (mounted nosuid, nodev, noexec), no other descriptor
 * but 0..2 and keep[], no new privileges, and of the capabilities only CHOWN, DAC_OVERRIDE, FOWNER,
 * FSETID and SETFCAP. The new "/" is the working directory. Needs root; Linux 5.12 (mount_setattr).
 */
int img_confine(int rootfd, const int *keep, size_t n_keep, struct sp_err *err);

/* Close every descriptor but 0..2 and the n of keep. */
void img_close_others(const int *keep, size_t n);
