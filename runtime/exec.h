/*
 * One more process in a running container: for people (`ctl exec`) and for probes.
 *
 * The same code in spinit as for the container's first process sets user, capabilities, seccomp and
 * no_new_privs. It gets a session of its own and a cgroup below the container's, so that it can be
 * killed with all it started, and dies with the agent.
 *
 * It is a child of ours in the container's pid namespace, and the kernel lets that namespace end
 * only when all in it are reaped: rt_exec_free() every exec before rt_destroy() of its container,
 * or that waits in vain.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "runtime/container.h"

struct rt_exec_spec {
	struct rt_process process;
	struct rt_security security; /* of the container's own spec */
	bool tty; /* a fresh pty of the container's devpts instead of the three fds */
	uint16_t rows, columns;
};

struct rt_exec {
	struct rt_engine *engine;
	pid_t pid;     /* in the caller's pid namespace; our child */
	int pidfd;     /* readable when it has ended */
	int pty_fd;    /* the master, O_NONBLOCK; -1 without tty */
	int cgroup_fd; /* its own */
	int parent_fd; /* the container's cgroup */
	char cgroup_name[24];
	char container_id[SP_ID_MAX + 1];
};

/* Start it; about a millisecond. On failure nothing is left behind; codes as rt_start(). */
int rt_exec_start(struct rt_engine *e, struct rt_container *c, const struct rt_exec_spec *spec,
		  struct rt_exec **ret, struct sp_err *err);
int rt_exec_signal(struct rt_exec *x, int signal, struct sp_err *err);
int rt_exec_kill(struct rt_exec *x, struct sp_err *err); /* it and all it started */
int rt_exec_resize(struct rt_exec *x, uint16_t rows, uint16_t columns, struct sp_err *err);
/* 1: it has ended, *ret_status is its status or 128 + signal; 0: still running after timeout_ms. */
int rt_exec_reap(struct rt_exec *x, int timeout_ms, int *ret_status, struct sp_err *err);
/* Kill what is left, remove its cgroup, close and free; waits for nothing. NULL is fine. What does
 * not go at once is put by: rt_exec_leftovers(). */
void rt_exec_free(struct rt_exec *x);
/*
 * Clear away what was put by, where it can be; true while some is left. A container of such a
 * process does not end before that, so call it again while it is true: when *ret_pidfd (the
 * caller's own) becomes readable, or, where that is -1, after a while.
 */
bool rt_exec_leftovers(struct rt_engine *e, int *ret_pidfd);
