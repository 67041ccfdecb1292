/*
 * Children of ours that have ended and cannot be reaped yet. A process inside a container may trace
 * an exec (ptrace is allowed), and the kernel shows the zombie to its tracer alone until that waits
 * for it, lets go or dies; waiting with it would hang the agent for as long as the container
 * pleases. Such a child is put by here, and looked at again.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct rt_engine;

/* The status, or 128 + signal, of a child whose pidfd is readable; reaped, where that can be. */
int rt_zombie_status(pid_t pid, int pidfd, int *ret_status, struct sp_err *err);

/* See a killed child off: wait for its end, reap it, or put it by. Owns pidfd. Where there is no
 * memory for that it stays a zombie until its tracer and we are gone. */
void rt_zombie_bury(struct rt_engine *e, int pidfd);

/* Try those put by again; true while some are left. A container of which one is left does not end
 * before it is reaped: call it every now and then. */
bool rt_zombies_reap(struct rt_engine *e);

void rt_zombies_forget(struct rt_engine *e);
