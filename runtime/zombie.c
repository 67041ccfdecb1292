/* Children that are traced to the end; see zombie.h. */
#include "runtime/zombie.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/list.h"
#include "runtime/engine_impl.h"
#include "runtime/process_id.h"

#define END_TIMEOUT_MS 1000 /* of SIGKILL to the end of one process */
#define EXIT_CODE      52   /* field of /proc/PID/stat, as wait(2) has it */

struct zombie {
	struct sp_list link;
	int pidfd;
};

/* 1: reaped, and *ret is filled; 0: not now. */
static int try_reap(int pidfd, siginfo_t *ret)
{
	int r;

	*ret = (siginfo_t){ 0 };
	do
		r = waitid(P_PIDFD, (id_t)pidfd, ret, WEXITED | WNOHANG);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : ret->si_pid != 0;
}

static int read_status(pid_t pid, int *ret_status, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r = rt_process_read(pid, "stat", &text, err), status;
	const char *p;

	if (r < 0)
		return r;
	p = strrchr(text.data, ')');
	for (int field = 2; p && field < EXIT_CODE; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return sp_fail(err, SP_E_CORRUPT, "/proc/%d/stat", (int)pid);
	status = (int)strtol(p + 1, NULL, 10);
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

int rt_zombie_status(pid_t pid, int pidfd, int *ret_status, struct sp_err *err)
{
	siginfo_t info;
	int r = try_reap(pidfd, &info);

	if (r < 0)
		return sp_fail_errno(err, -r, "wait for process %d", (int)pid);
	if (r == 0)
		return read_status(pid, ret_status, err);
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

void rt_zombie_bury(struct rt_engine *e, int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	struct zombie *z;
	siginfo_t info;
	int n;

	do
		n = poll(&p, 1, END_TIMEOUT_MS);
	while (n < 0 && errno == EINTR);
	z = try_reap(pidfd, &info) == 0 ? calloc(1, sizeof(*z)) : NULL;
	if (!z) {
		close(pidfd);
		return;
	}
	z->pidfd = pidfd;
	sp_list_append(&e->zombies, &z->link);
}

static void forget(struct zombie *z)
{
	sp_list_remove(&z->link);
	close(z->pidfd);
	free(z);
}

bool rt_zombies_reap(struct rt_engine *e)
{
	struct zombie *z;
	siginfo_t info;

	SP_LIST_EACH (&e->zombies, z, link)
		if (try_reap(z->pidfd, &info) != 0)
			forget(z);
	return !sp_list_empty(&e->zombies);
}

void rt_zombies_forget(struct rt_engine *e)
{
	struct zombie *z;

	SP_LIST_EACH (&e->zombies, z, link)
		forget(z);
}
