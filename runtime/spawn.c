/* The process that becomes spinit; see spawn.h. */
#include "runtime/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "runtime/container.h"
#include "runtime/init/orders.h"
#include "runtime/rawcall.h"

#define STACK_SIZE 16384

#define NOT_SANITIZED __attribute__((no_sanitize("address", "undefined"), noinline))

/* What the child reads and writes; it lies at the low end of the child's own stack. */
struct child_view {
	int agents_socket; /* our end: a copy of it held here would hide that the agent died */
	int socket, spinit_fd, join_pidfd, join_flags;
	const char *argv[3];
	const char *envp[1];
	struct rt_report report; /* filled in for a failure before the execve */
} __attribute__((aligned(16)));

static_assert(sizeof(struct child_view) < STACK_SIZE / 4, "the child needs stack");

/* Join, become uid 0 of the user namespace, and execute spinit with its socket as the only fd.
 * Returns only on failure, with -errno. */
static NOT_SANITIZED long become_spinit(struct child_view *v)
{
	long r = 0;

	if (v->join_pidfd >= 0)
		r = rt_rawcall(SYS_setns, v->join_pidfd, v->join_flags, 0, 0, 0);
	if (r == 0)
		r = rt_rawcall(SYS_setgroups, 0, 0, 0, 0, 0);
	if (r == 0)
		r = rt_rawcall(SYS_setresgid, 0, 0, 0, 0, 0);
	if (r == 0)
		r = rt_rawcall(SYS_setresuid, 0, 0, 0, 0, 0);
	if (r == 0)
		r = rt_rawcall(SYS_close_range, 0, ~0u, CLOSE_RANGE_CLOEXEC, 0, 0);
	if (r == 0)
		r = rt_rawcall(SYS_dup3, v->socket, RT_INIT_SOCKET, 0, 0, 0);
	if (r < 0)
		return r;
	return rt_rawcall(SYS_execveat, v->spinit_fd, (long)"", (long)v->argv, (long)v->envp,
			  AT_EMPTY_PATH);
}

static NOT_SANITIZED long child_main(void *arg)
{
	struct child_view *v = arg;
	char go;

	rt_rawcall(SYS_close, v->agents_socket, 0, 0, 0, 0);
	if (rt_rawcall(SYS_read, v->socket, (long)&go, 1, 0, 0) != 1)
		return 1;
	v->report.err.num = (int)-become_spinit(v);
	rt_rawcall(SYS_write, v->socket, (long)&v->report, sizeof(v->report), 0, 0);
	return 1;
}

/* A descriptor that the child's dup3 onto RT_INIT_SOCKET cannot hit. */
static int move_high(int *fd, struct sp_err *err)
{
	int high;

	if (*fd > RT_INIT_SOCKET)
		return 0;
	high = fcntl(*fd, F_DUPFD_CLOEXEC, RT_INIT_SOCKET + 1);
	if (high < 0)
		return sp_fail_errno(err, errno, "fcntl F_DUPFD_CLOEXEC");
	close(*fd);
	*fd = high;
	return 0;
}

/* The two ends, ours with time limits, so that a spinit that hangs cannot hang the agent. */
static int make_socket(int *ret_ours, int *ret_childs, struct sp_err *err)
{
	struct timeval limit = { .tv_sec = RT_START_TIMEOUT_MS / 1000 };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return sp_fail_errno(err, errno, "socketpair");
	*ret_ours = pair[0];
	*ret_childs = pair[1];
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return move_high(ret_childs, err);
}

/* clone3 with every signal blocked, the real-time ones of the C library too, in the child for good.
 */
static long clone_blocked(struct clone_args *args, struct child_view *v)
{
	uint64_t all = ~UINT64_C(0), before;
	long pid;

	rt_rawcall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof(all), 0);
	pid = rt_rawclone(args, sizeof(*args), child_main, v);
	rt_rawcall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof(before), 0);
	return pid;
}

int rt_spawn(const struct rt_spawn *s, struct rt_child *ret, struct sp_err *err)
{
	autofree void *stack = aligned_alloc(16, STACK_SIZE);
	autoclose int ours = -1, childs = -1;
	struct child_view *v = stack;
	int pidfd = -1, r;
	struct clone_args args = {
		.flags = s->namespaces | CLONE_INTO_CGROUP | CLONE_PIDFD | CLONE_VM,
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.stack = (uintptr_t)stack + sizeof(*v),
		.stack_size = STACK_SIZE - sizeof(*v),
		.cgroup = (unsigned int)s->cgroup_fd,
	};
	long pid;

	assert(s->spinit_fd > RT_INIT_SOCKET);
	if (!stack)
		return sp_fail_nomem(err);
	r = make_socket(&ours, &childs, err);
	if (r < 0)
		return r;
	*v = (struct child_view){ .agents_socket = ours,
				  .socket = childs,
				  .spinit_fd = s->spinit_fd,
				  .join_pidfd = s->join_pidfd,
				  .join_flags = s->join_flags,
				  .argv = { "spinit", s->mode },
				  .report = { .kind = RT_REPORT_FAILED } };
	pid = clone_blocked(&args, v);
	if (pid < 0)
		return sp_fail_errno(err, (int)-pid, "clone3");
	*ret = (struct rt_child){
		.pid = (pid_t)pid, .pidfd = pidfd, .socket = take_fd(ours), .stack = take_ptr(stack)
	};
	return 0;
}

int rt_child_release(struct rt_child *c, struct sp_err *err)
{
	if (send(c->socket, "", 1, MSG_NOSIGNAL) != 1)
		return sp_fail_errno(err, errno, "release the container's init");
	return 0;
}

void rt_child_fini(struct rt_child *c)
{
	sp_close(&c->pidfd);
	sp_close(&c->socket);
	free(c->stack);
	c->stack = NULL;
}
