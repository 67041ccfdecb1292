/*
 * The process that becomes spinit: clone3 with CLONE_VM and a stack of its own, so that no page
 * table is copied and the cost does not grow with the agent.
 *
 * Until its execve the child shares the agent's memory, so it only makes raw system calls, with
 * every signal blocked. It may exec only after its ids are mapped (an exec without a mapping loses
 * every capability), which is why it waits for one byte on its socket and why CLONE_VFORK cannot be
 * used. A child whose socket closes before that byte exits.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct rt_spawn {
	uint64_t namespaces; /* CLONE_NEW* the child is born with */
	int join_pidfd;      /* -1, or the process whose namespaces it joins by setns(2) */
	int join_flags;      /* CLONE_NEW* for that */
	int cgroup_fd;       /* the child is born in it */
	int spinit_fd;
	const char *mode; /* spinit's argument: a literal */
};

struct rt_child {
	pid_t pid;
	int pidfd;
	int socket;  /* our end: to release, then orders and report */
	void *stack; /* the child runs on it until its execve; freed by rt_child_fini() */
};

/* Start the child; it waits. */
int rt_spawn(const struct rt_spawn *s, struct rt_child *ret, struct sp_err *err);
/* Let it become spinit. */
int rt_child_release(struct rt_child *c, struct sp_err *err);
/* Close and free what is not yet taken. The child must have executed or ended by now. */
void rt_child_fini(struct rt_child *c);
