/*
 * One more process in a running container; see exec.h.
 *
 * A child of ours is born in a cgroup below the container's, joins all its namespaces at once
 * through the pidfd, and executes spinit; spinit makes the process as a child of ours and is gone.
 * The agent itself never enters a namespace.
 */
#include "runtime/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/mem.h"
#include "runtime/confine.h"
#include "runtime/engine_impl.h"
#include "runtime/exec_impl.h"
#include "runtime/leftover.h"
#include "runtime/rlimits.h"
#include "runtime/spawn.h"
#include "runtime/steps.h"

#define JOINED                                                                                     \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP)
#define ANY_ID UINT32_MAX /* an id outside the map is refused by the kernel */

struct launch {
	struct rt_engine *engine;
	struct rt_container *container;
	const struct rt_exec_spec *spec;
	struct rt_exec *x;
	struct rt_child child;
	struct rt_orders_draft draft;
};

static int make_cgroup(void *state, struct sp_err *err)
{
	struct launch *l = state;
	struct rt_cgroup_root root = { .dirfd = l->container->cgroup_fd };
	const struct rt_limits none = { 0 };

	snprintf(root.path, sizeof(root.path), "%s", l->container->id);
	snprintf(l->x->cgroup_name, sizeof(l->x->cgroup_name), "exec-%u", ++l->engine->execs);
	l->x->cgroup_fd = rt_cgroup_make(&root, l->x->cgroup_name, &none, err);
	if (l->x->cgroup_fd < 0)
		return l->x->cgroup_fd;
	l->x->parent_fd = fcntl(root.dirfd, F_DUPFD_CLOEXEC, 3);
	if (l->x->parent_fd < 0) {
		int r = sp_fail_errno(err, errno, "fcntl F_DUPFD_CLOEXEC");

		rt_cgroup_remove(&root, l->x->cgroup_name, 0, NULL);
		sp_close(&l->x->cgroup_fd);
		return r;
	}
	return 0;
}

static void remove_cgroup(void *state)
{
	rt_exec_remove_cgroup(((struct launch *)state)->x);
}

static void reap(int pidfd)
{
	siginfo_t info;

	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
}

/* The helper has done its part, or must not. */
static void unspawn(void *state)
{
	struct launch *l = state;

	pidfd_send_signal(l->child.pidfd, SIGKILL, NULL, 0);
	reap(l->child.pidfd);
	rt_child_fini(&l->child);
}

static int spawn(void *state, struct sp_err *err)
{
	struct launch *l = state;
	const struct rt_spawn how = { .join_pidfd = l->container->pidfd,
				      .join_flags = JOINED,
				      .cgroup_fd = l->x->cgroup_fd,
				      .spinit_fd = l->engine->spinit_fd,
				      .mode = "exec" };
	int r = rt_spawn(&how, &l->child, err);

	if (r < 0)
		return r;
	r = rt_rlimits_copy(l->container->pid, l->child.pid, err);
	if (r == 0)
		r = rt_child_release(&l->child, err);
	if (r < 0)
		unspawn(l);
	return r;
}

static int make_orders(void *state, struct sp_err *err)
{
	struct launch *l = state;
	struct rt_orders *head;
	int r;

	rt_orders_init(&l->draft);
	r = rt_orders_confined(l->engine, &l->draft, &l->spec->process, &l->spec->security, ANY_ID,
			       err);
	if (r < 0) {
		rt_orders_fini(&l->draft);
		return r;
	}
	head = rt_orders_head(&l->draft);
	head->tty = l->spec->tty;
	head->rows = l->spec->rows;
	head->columns = l->spec->columns;
	return 0;
}

static void discard_orders(void *state)
{
	rt_orders_fini(&((struct launch *)state)->draft);
}

/* What spinit made is our child, so its pid stays what it is until we reap it. */
static int send_and_await(void *state, struct sp_err *err)
{
	struct launch *l = state;
	struct rt_report report = { 0 };
	struct sp_err why;
	int r = rt_orders_send(&l->draft, l->child.socket, &why);

	if (r < 0 && r != -EPIPE && r != -ECONNRESET) {
		if (err)
			*err = why;
		return r;
	}
	r = rt_report_receive(l->child.socket, &report, &l->x->pty_fd, err);
	if (r < 0) {
		/* Unreaped it would keep the container from ending. */
		if (report.pid > 0)
			waitpid(report.pid, NULL, 0);
		return r;
	}
	l->x->pid = report.pid;
	l->x->pidfd = pidfd_open(report.pid, 0);
	if (l->x->pidfd < 0)
		return sp_fail_errno(err, errno, "pidfd of an exec");
	return l->x->pty_fd < 0 ? 0 : sp_fd_set_nonblock(l->x->pty_fd, err);
}

static void close_result(void *state)
{
	struct rt_exec *x = ((struct launch *)state)->x;

	if (x->pidfd >= 0) {
		pidfd_send_signal(x->pidfd, SIGKILL, NULL, 0);
		rt_leftover_process(x->engine, take_fd(x->pidfd));
	}
	sp_close(&x->pty_fd);
}

static const struct rt_step steps[] = {
	{ "orders", make_orders, discard_orders },
	{ "cgroup", make_cgroup, remove_cgroup },
	{ "spawn", spawn, unspawn },
	{ "report", send_and_await, close_result },
};

int rt_exec_start(struct rt_engine *e, struct rt_container *c, const struct rt_exec_spec *spec,
		  struct rt_exec **ret, struct sp_err *err)
{
	struct launch l = { .engine = e, .container = c, .spec = spec };
	int r;

	l.x = calloc(1, sizeof(*l.x));
	if (!l.x)
		return sp_fail_nomem(err);
	l.x->engine = e;
	l.x->pidfd = l.x->pty_fd = l.x->cgroup_fd = l.x->parent_fd = -1;
	snprintf(l.x->container_id, sizeof(l.x->container_id), "%s", c->id);
	r = rt_steps_run(steps, SP_COUNT(steps), &l, err);
	if (r < 0) {
		free(l.x);
		return r;
	}
	unspawn(&l);
	discard_orders(&l);
	*ret = l.x;
	return 0;
}
