/* A job from within: its signals, and the programs it runs; see job_child.h. */
#include "images/job_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "images/confine.h"

#define FIRST_FD  3
#define EXIT_EXEC 127

static volatile sig_atomic_t terminated; /* the job was asked to end */
static volatile pid_t running;           /* the program it waits for */

static void on_term(int sig)
{
	terminated = sig;
	if (running > 0)
		kill(running, SIGKILL);
}

/* The starter's handlers and mask, and what it ignores, are not the child's. */
static void reset_signals(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &plain, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void img_job_become(pid_t starter)
{
	struct sigaction term = { .sa_handler = on_term };

	reset_signals();
	sp_child_die_with(starter);
	sigaction(SIGTERM, &term, NULL);
}

/* Up first and then down into place, so that none is overwritten before it was copied. */
static int place_fds(const struct img_job_program *p)
{
	int high[IMG_JOB_FDS_MAX];

	for (size_t i = 0; i < p->n_fds; i++) {
		high[i] = fcntl(p->fds[i], F_DUPFD_CLOEXEC, FIRST_FD + IMG_JOB_FDS_MAX);
		if (high[i] < 0)
			return -1;
	}
	for (size_t i = 0; i < p->n_fds; i++)
		if (dup2(high[i], FIRST_FD + (int)i) < 0)
			return -1;
	return close_range(FIRST_FD + (unsigned int)p->n_fds, ~0U, CLOSE_RANGE_CLOEXEC);
}

static void become_program(const struct img_job_program *p)
{
	char *argv[] = { (char *)p->name, NULL }, *envp[] = { NULL };
	int exe = fcntl(p->exe, F_DUPFD_CLOEXEC, FIRST_FD + 2 * IMG_JOB_FDS_MAX);

	reset_signals();
	sp_child_die_with(0);
	if (exe >= 0 && place_fds(p) == 0)
		syscall(SYS_execveat, exe, "", argv, envp, AT_EMPTY_PATH);
	dprintf(STDERR_FILENO, "%s: %m\n", p->name);
	_exit(EXIT_EXEC);
}

int img_job_exec(const struct img_job_program *p, struct sp_err *err)
{
	pid_t pid;
	int r;

	if (terminated)
		return sp_fail(err, SP_E_INTERRUPTED, "cancelled");
	pid = img_fork_alone(err);
	if (pid < 0)
		return pid;
	if (pid == 0)
		become_program(p);
	running = pid;
	if (terminated) /* it may have come before `running` was set */
		kill(pid, SIGKILL);
	r = img_job_reap(pid, p->told, err);
	running = 0;
	if (terminated)
		return sp_fail(err, SP_E_INTERRUPTED, "cancelled");
	return r;
}

/* An error from memory that a stranger's parser could write to: make it one of ours again. */
static int copy_error(const struct sp_err *from, struct sp_err *err)
{
	struct sp_err copy = *from;

	copy.message[sizeof(copy.message) - 1] = '\0';
	if (copy.code <= SP_E_OK || copy.code > SP_E_UNPLACEABLE || copy.num <= 0 ||
	    copy.num > 4095)
		return sp_fail(err, SP_E_INTERNAL, "the child ended without a reason");
	if (err)
		*err = copy;
	return sp_err_return(&copy);
}

int img_job_reap(pid_t pid, const struct sp_err *told, struct sp_err *err)
{
	int status;
	pid_t r;

	do
		r = waitpid(pid, &status, 0);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return sp_fail_errno(err, errno, "wait for the image job");
	if (!WIFEXITED(status))
		return sp_fail(err, SP_E_INTERRUPTED, "the child was killed by signal %d",
			       WTERMSIG(status));
	return WEXITSTATUS(status) ? copy_error(told, err) : 0;
}
