/* How a child ended that may not be reapable; see zombie.h. */
#include "runtime/zombie.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "runtime/process_id.h"

#define EXIT_CODE 52 /* field of /proc/PID/stat, as wait(2) has it */

int rt_zombie_reap(int pidfd, siginfo_t *ret)
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
	int r = rt_zombie_reap(pidfd, &info);

	if (r < 0)
		return sp_fail_errno(err, -r, "wait for process %d", (int)pid);
	if (r == 0)
		return read_status(pid, ret_status, err);
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}
