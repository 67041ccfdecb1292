/*
 * PID 1 once the workload runs; see reap.h.
 *
 * All signals are blocked and taken one by one, so nothing is lost between two of them. When the
 * workload's first process ends, its status is recorded in one write, and our own end takes along
 * whatever else is in the pid namespace.
 */
#include "runtime/init/reap.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_STEP_NS 5000000L /* 5 ms */

/* A reader in runtime/exit_record.c. */
static void record(const struct reaper *r, int status, int stopped_by)
{
	char line[128];
	struct timespec now;
	int n;

	clock_gettime(CLOCK_REALTIME, &now);
	n = snprintf(line, sizeof(line), "code=%d signal=%d stopped_by=%d at=%lld%09ld\n",
		     WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
		     WIFSIGNALED(status) ? WTERMSIG(status) : 0, stopped_by, (long long)now.tv_sec,
		     now.tv_nsec);
	if (r->exit_fd >= 0 && write(r->exit_fd, line, (size_t)n) < 0)
		return; /* no space: the end is seen without its status */
}

/* Reap all that have ended; true when the workload is among them. */
static bool reap_ended(pid_t workload, int *ret_status)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == workload) {
			*ret_status = status;
			ended = true;
		}
	return ended;
}

static int unread(int fd)
{
	int n = 0;

	return fd >= 0 && ioctl(fd, FIONREAD, &n) == 0 ? n : 0;
}

/* What was printed and not yet read would go with the last process that has the FIFO open. */
static void drain(const struct reaper *r)
{
	const struct timespec step = { .tv_nsec = DRAIN_STEP_NS };

	if (!unread(r->drain[0]) && !unread(r->drain[1]))
		return;
	kill(-1, SIGKILL);
	while (unread(r->drain[0]) || unread(r->drain[1]))
		nanosleep(&step, NULL);
}

int reap_until_end(const struct reaper *r)
{
	int status = 0, stopped_by = 0;
	sigset_t all;

	sigfillset(&all);
	for (;;) {
		siginfo_t info;
		int sig;

		if (reap_ended(r->workload, &status))
			break;
		sig = sigwaitinfo(&all, &info);
		if (sig < 0 || sig == SIGCHLD)
			continue;
		/* Pid 0 is somebody outside our namespace: the agent. */
		if (info.si_code <= 0 && info.si_pid == 0)
			stopped_by = sig;
		kill(r->workload, sig);
	}
	record(r, status, stopped_by);
	drain(r);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
