/* The child's side of a job, and how one is started; for the files of this library. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "images/job.h"

/* Counters and result, in memory shared by starter and job. */
struct img_job_page {
	struct img_progress progress;
	struct sp_err err;
};

/* Runs in the child: no other thread, no descriptor but 0..2 and the store's, dies with its
 * starter. SIGTERM makes a program it waits for end, and img_job_exec() say SP_E_INTERRUPTED. */
typedef int (*img_job_fn)(struct img_store *s, struct img_job_page *page, const void *arg,
			  struct sp_err *err);

/* arg is read by the child from its copy of memory. running is the store's counter of such jobs. */
int img_job_start(struct img_store *s, unsigned int *running, img_job_fn fn, const void *arg,
		  struct img_job **ret, struct sp_err *err);

/* The first thing in a job: signals as a job wants them, and death with its starter (which, outside
 * of the PID namespace, reads as 0). */
void img_job_become(pid_t starter);

#define IMG_JOB_FDS_MAX 8

/* A program for one piece of a job. */
struct img_job_program {
	const char *name;
	int exe;                  /* the open executable */
	int fds[IMG_JOB_FDS_MAX]; /* what it finds as 3, 4, ... */
	size_t n_fds;
	const struct sp_err *told; /* shared with it: where it leaves its error */
};

/* In a job: run it in a PID namespace of its own, with an empty environment, and wait for it. It
 * succeeds only by exit status 0. */
int img_job_exec(const struct img_job_program *p, struct sp_err *err);

/* Wait for the child pid; its error, if it ended with one, is in *told, which is not trusted. */
int img_job_reap(pid_t pid, const struct sp_err *told, struct sp_err *err);
