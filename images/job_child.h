/* The child's side of a job, and how one is started; for the files of this library. */
#pragma once

#include "base/err.h"
#include "images/job.h"

/* Counters and result, in memory shared by starter, job and extractor. Readers do not trust it. */
struct img_job_page {
	struct img_progress progress;
	struct sp_err err;
};

/* Runs in the child: no other thread, no descriptor but 0..2 and the store's, dies with its
 * starter. SIGTERM makes a child it waits for end, and img_job_wait() say SP_E_INTERRUPTED. */
typedef int (*img_job_fn)(struct img_store *s, struct img_job_page *page, const void *arg,
			  struct sp_err *err);

/* arg is read by the child from its copy of memory. running is the store's counter of such jobs. */
int img_job_start(struct img_store *s, unsigned int *running, img_job_fn fn, const void *arg,
		  struct img_job **ret, struct sp_err *err);

/* In a job: run fn in one more child and wait for it; its error is left in page->err. */
int img_job_wait(struct img_job_page *page, int (*fn)(void *arg, struct sp_err *err), void *arg,
		 struct sp_err *err);
