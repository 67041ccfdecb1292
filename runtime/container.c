/* A container after its start: signals, end, removal; see container.h. */
#include "runtime/container.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/time.h"
#include "runtime/build.h"
#include "runtime/engine_impl.h"
#include "runtime/exit_record.h"
#include "runtime/leftover.h"

#define END_TIMEOUT_MS 5000 /* of SIGKILL to the end of the last process */
#define LOOK_AGAIN_MS  5    /* whether a traced exec can be reaped, its tracer being killed */

int rt_signal(struct rt_container *c, int signal, struct sp_err *err)
{
	if (pidfd_send_signal(c->pidfd, signal, NULL, 0) < 0 && errno != ESRCH)
		return sp_fail_errno(err, errno, "signal %d to container '%s'", signal, c->id);
	return 0;
}

int rt_kill(struct rt_container *c, struct sp_err *err)
{
	return rt_cgroup_kill(c->cgroup_fd, err);
}

/* 1: it has ended; 0: not within timeout_ms. */
static int wait_end(int pidfd, int timeout_ms, struct sp_err *err)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n < 0 ? sp_fail_errno(err, errno, "poll a pidfd") : n;
}

/* A zombie would keep its pid; one that is not our child has another parent for that. */
static void reap_zombie(int pidfd)
{
	siginfo_t info;

	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0 && errno == EINTR)
		;
}

/* What spinit recorded, if it could, and what the kernel counted. */
static int read_end(int dirfd, int cgroup_fd, struct rt_exit *ret, struct sp_err *err)
{
	struct rt_exit x = { .death = RT_DEATH_KILLED,
			     .code = 128 + SIGKILL,
			     .signal = SIGKILL,
			     .at_ns = sp_time_real_ns() };
	int r = dirfd < 0 ? 0 : rt_exit_record_read(dirfd, &x, err);

	if (r < 0)
		return r;
	if (x.signal == SIGKILL && rt_cgroup_oom_killed(cgroup_fd))
		x.death = RT_DEATH_OOM;
	*ret = x;
	return 0;
}

int rt_reap(struct rt_container *c, int timeout_ms, struct rt_exit *ret, struct sp_err *err)
{
	int r = wait_end(c->pidfd, timeout_ms, err);

	if (r <= 0)
		return r;
	reap_zombie(c->pidfd);
	r = read_end(c->dirfd, c->cgroup_fd, ret, err);
	return r < 0 ? r : 1;
}

int rt_end_of_gone(struct rt_engine *e, const char *id, const char *dir, struct rt_exit *ret,
		   struct sp_err *err)
{
	autoclose int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclose int cgroup_fd = rt_cgroup_open(&e->cgroups, id, NULL);

	return read_end(dirfd, cgroup_fd, ret, err);
}

/* As wait_end(), once everything is killed: a traced exec can be reaped when its tracer is gone,
 * and the end waits for that. */
static int wait_last(struct rt_engine *e, int pidfd, struct sp_err *err)
{
	for (int waited = 0; waited < END_TIMEOUT_MS; waited += LOOK_AGAIN_MS) {
		bool left = rt_leftovers_look(e);
		int r = wait_end(pidfd, left ? LOOK_AGAIN_MS : END_TIMEOUT_MS, err);

		if (r != 0 || !left)
			return r;
	}
	return 0;
}

/* Leave nothing running: the cgroup is emptied, and spinit reaped. */
static int end_all(struct rt_engine *e, struct rt_container *c, struct sp_err *err)
{
	int r;

	rt_cgroup_kill(c->cgroup_fd, NULL);
	pidfd_send_signal(c->pidfd, SIGKILL, NULL, 0);
	r = wait_last(e, c->pidfd, err);
	if (r == 0)
		r = sp_fail(err, SP_E_TIMEOUT, "container '%s' does not end", c->id);
	if (r > 0)
		reap_zombie(c->pidfd);
	return r < 0 ? r : 0;
}

void rt_forget(struct rt_container *c)
{
	sp_close(&c->pidfd);
	sp_close(&c->netns_fd);
	sp_close(&c->userns_fd);
	sp_close(&c->cgroup_fd);
	sp_close(&c->dirfd);
	sp_close(&c->socket);
	rt_build_close_layers(c);
	free(c->stack);
	free(c);
}

int rt_destroy(struct rt_engine *e, struct rt_container *c, struct sp_err *err)
{
	int r, removed;

	if (!c)
		return 0;
	r = end_all(e, c, err);
	removed = rt_cgroup_remove(&e->cgroups, c->id, END_TIMEOUT_MS, r < 0 ? NULL : err);
	/* A child that never ended may still stand on its stack: rather lose that memory. */
	if (r < 0)
		c->stack = NULL;
	rt_forget(c);
	return r < 0 ? r : removed;
}
