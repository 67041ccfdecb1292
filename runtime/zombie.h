/*
 * A child of ours that has ended, where a process inside its container may trace it (ptrace is
 * allowed): the kernel shows such a zombie to its tracer alone until that waits for it, lets go or
 * dies. Waiting with it would hang the agent for as long as the container pleases.
 */
#pragma once

#include <signal.h>
#include <sys/types.h>

#include "base/err.h"

/* 1: it is reaped, and *ret tells how it ended; 0: not now, since it runs or is traced; -errno. */
int rt_zombie_reap(int pidfd, siginfo_t *ret);

/* The status, or 128 + signal, of a child whose pidfd is readable; reaped, where that can be. */
int rt_zombie_status(pid_t pid, int pidfd, int *ret_status, struct sp_err *err);
