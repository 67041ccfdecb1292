/* An exec once it runs: signals, size, end; see exec.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>

#include "base/fd.h"
#include "runtime/exec_impl.h"
#include "runtime/leftover.h"
#include "runtime/zombie.h"

void rt_exec_remove_cgroup(struct rt_exec *x)
{
	rt_cgroup_kill(x->cgroup_fd, NULL);
	sp_close(&x->cgroup_fd);
	rt_leftover_cgroup(x->engine, take_fd(x->parent_fd), x->cgroup_name);
}

int rt_exec_signal(struct rt_exec *x, int signal, struct sp_err *err)
{
	if (pidfd_send_signal(x->pidfd, signal, NULL, 0) < 0 && errno != ESRCH)
		return sp_fail_errno(err, errno, "signal %d to an exec in '%s'", signal,
				     x->container_id);
	return 0;
}

int rt_exec_kill(struct rt_exec *x, struct sp_err *err)
{
	return rt_cgroup_kill(x->cgroup_fd, err);
}

int rt_exec_resize(struct rt_exec *x, uint16_t rows, uint16_t columns, struct sp_err *err)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };

	if (x->pty_fd < 0)
		return sp_fail(err, SP_E_INVALID, "an exec without a terminal has no size");
	if (ioctl(x->pty_fd, TIOCSWINSZ, &size) < 0)
		return sp_fail_errno(err, errno, "resize a terminal");
	return 0;
}

int rt_exec_reap(struct rt_exec *x, int timeout_ms, int *ret_status, struct sp_err *err)
{
	struct pollfd p = { .fd = x->pidfd, .events = POLLIN };
	int n, r;

	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? sp_fail_errno(err, errno, "poll a pidfd") : 0;
	r = rt_zombie_status(x->pid, x->pidfd, ret_status, err);
	return r < 0 ? r : 1;
}

void rt_exec_free(struct rt_exec *x)
{
	if (!x)
		return;
	pidfd_send_signal(x->pidfd, SIGKILL, NULL, 0);
	rt_leftover_process(x->engine, take_fd(x->pidfd));
	rt_exec_remove_cgroup(x);
	sp_close(&x->pty_fd);
	free(x);
}

bool rt_exec_leftovers(struct rt_engine *e, int *ret_pidfd)
{
	bool left = rt_leftovers_look(e);

	*ret_pidfd = left ? rt_leftovers_pidfd(e) : -1;
	return left;
}
