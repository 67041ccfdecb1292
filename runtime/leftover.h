/*
 * What is left of an exec that was killed. Most processes end within a millisecond, but one may be
 * held up in the kernel, and one that is traced cannot be reaped (zombie.h); the cgroup goes when
 * all in it have ended. Nobody waits for them: they are put by here, and looked at again.
 */
#pragma once

#include <stdbool.h>

struct rt_engine;

/* A killed child: reaped at once, where that can be. Owns pidfd. Where there is no memory to put it
 * by, it stays a zombie until its tracer and we are gone. */
void rt_leftover_process(struct rt_engine *e, int pidfd);
/* A killed cgroup of that name below parent_fd, which is owned: removed at once, where that can be.
 * Where there is no memory to put it by, it goes with the one above it. */
void rt_leftover_cgroup(struct rt_engine *e, int parent_fd, const char *name);

/* Try all again; true while some are left. A container of which a process is left does not end
 * before that is reaped: call it every now and then. */
bool rt_leftovers_look(struct rt_engine *e);
/* A pidfd, the caller's own, of a process that has not ended yet; -1: there is none. */
int rt_leftovers_pidfd(const struct rt_engine *e);

void rt_leftovers_forget(struct rt_engine *e);
