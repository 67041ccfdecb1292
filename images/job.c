/* Jobs: a forked child, a pidfd and a shared page; see job.h. */
#include "images/job.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "images/confine.h"
#include "images/job_child.h"
#include "images/store_dirs.h"

struct img_job {
	struct img_store *store;
	unsigned int *running;
	pid_t pid;
	int pidfd;
	struct img_job_page *page;
};

static volatile sig_atomic_t terminated; /* in a job's process: it was asked to end */
static volatile pid_t extractor;         /* in a job's process: the child it waits for */

static void on_term(int sig)
{
	terminated = sig;
	if (extractor > 0)
		kill(extractor, SIGKILL);
}

/* The starter's handlers and mask are not the child's; it must not outlive the starter. */
static void become_child(pid_t starter)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &plain, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != starter)
		_exit(1);
}

static void end_child(struct img_job_page *page, int r, const struct sp_err *err)
{
	if (r < 0)
		page->err = *err;
	_exit(r < 0 ? 1 : 0);
}

static void run_job(struct img_job *j, pid_t starter, img_job_fn fn, const void *arg)
{
	struct img_store *s = j->store;
	int keep[] = { s->root, s->blobs, s->layers, s->tmp };
	struct sigaction term = { .sa_handler = on_term };
	struct sp_err err = { 0 };

	become_child(starter);
	sigaction(SIGTERM, &term, NULL);
	img_close_others(keep, sizeof(keep) / sizeof(keep[0]));
	end_child(j->page, fn(s, j->page, arg, &err), &err);
}

static void count(struct img_job *j, int by)
{
	pthread_mutex_lock(&j->store->mutex);
	*j->running += (unsigned int)by;
	pthread_mutex_unlock(&j->store->mutex);
}

static void free_job(struct img_job *j)
{
	if (j->page != MAP_FAILED)
		munmap(j->page, sizeof(*j->page));
	sp_close(&j->pidfd);
	free(j);
}

static int fork_job(struct img_job *j, img_job_fn fn, const void *arg, struct sp_err *err)
{
	pid_t starter = getpid();
	int r;

	j->pid = fork();
	if (j->pid < 0)
		return sp_fail_errno(err, errno, "fork");
	if (j->pid == 0)
		run_job(j, starter, fn, arg);
	j->pidfd = pidfd_open(j->pid, 0);
	if (j->pidfd >= 0)
		return 0;
	r = sp_fail_errno(err, errno, "pidfd_open");
	kill(j->pid, SIGKILL);
	waitpid(j->pid, NULL, 0);
	return r;
}

int img_job_start(struct img_store *s, unsigned int *running, img_job_fn fn, const void *arg,
		  struct img_job **ret, struct sp_err *err)
{
	struct img_job *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return sp_fail_nomem(err);
	j->store = s;
	j->running = running;
	j->pidfd = -1;
	j->page = mmap(NULL, sizeof(*j->page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	r = j->page == MAP_FAILED ? sp_fail_errno(err, errno, "mmap") : fork_job(j, fn, arg, err);
	if (r < 0) {
		free_job(j);
		return r;
	}
	count(j, 1);
	*ret = j;
	return 0;
}

int img_job_pidfd(const struct img_job *j)
{
	return j->pidfd;
}

void img_job_progress(const struct img_job *j, struct img_progress *ret)
{
	*ret = j->page->progress;
}

void img_job_cancel(struct img_job *j)
{
	pidfd_send_signal(j->pidfd, SIGTERM, NULL, 0);
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

/* How a child ended: only exit status 0 is success, whatever the shared page says. */
static int result_of(int status, const struct img_job_page *page, struct sp_err *err)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status) ? copy_error(&page->err, err) : 0;
	return sp_fail(err, SP_E_INTERRUPTED, "the child was killed by signal %d",
		       WTERMSIG(status));
}

static int reap(pid_t pid, int *ret_status)
{
	pid_t r;

	do
		r = waitpid(pid, ret_status, 0);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

int img_job_finish(struct img_job *j, struct img_progress *ret, struct sp_err *err)
{
	int status, r = reap(j->pid, &status);

	r = r < 0 ? sp_fail_errno(err, -r, "wait for the image job")
		  : result_of(status, j->page, err);
	if (ret)
		*ret = j->page->progress;
	count(j, -1);
	free_job(j);
	return r;
}

int img_job_wait(struct img_job_page *page, int (*fn)(void *arg, struct sp_err *err), void *arg,
		 struct sp_err *err)
{
	int status, r;
	pid_t pid;

	if (terminated)
		return sp_fail(err, SP_E_INTERRUPTED, "cancelled");
	pid = img_fork_alone(err);
	if (pid < 0)
		return pid;
	if (pid == 0) {
		struct sp_err child_err = { 0 };

		become_child(0); /* a parent outside of the PID namespace reads as 0 */
		end_child(page, fn(arg, &child_err), &child_err);
	}
	extractor = pid;
	if (terminated) /* it may have come before `extractor` was set */
		kill(pid, SIGKILL);
	r = reap(pid, &status);
	extractor = 0;
	if (r < 0)
		return sp_fail_errno(err, -r, "wait for the unpacking child");
	return terminated ? sp_fail(err, SP_E_INTERRUPTED, "cancelled")
			  : result_of(status, page, err);
}
