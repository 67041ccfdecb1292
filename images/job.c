/* Jobs: a forked child, a pidfd and a shared page; see job.h. */
#include "images/job.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
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

static void run_job(struct img_job *j, pid_t starter, img_job_fn fn, const void *arg)
{
	struct img_store *s = j->store;
	int keep[] = { s->root, s->blobs, s->layers, s->tmp, s->unpacker };
	struct sp_err err = { 0 };
	int r;

	img_job_become(starter);
	img_close_others(keep, SP_COUNT(keep));
	r = fn(s, j->page, arg, &err);
	if (r < 0)
		j->page->err = err;
	_exit(r < 0 ? 1 : 0);
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

int img_job_finish(struct img_job *j, struct img_progress *ret, struct sp_err *err)
{
	int r = img_job_reap(j->pid, &j->page->err, err);

	if (ret)
		*ret = j->page->progress;
	count(j, -1);
	free_job(j);
	return r;
}
