/*
 * Work that takes its time, in a child process: unpacking an image, removing what nothing refers
 * to.
 *
 * For an event loop: start, poll the pidfd, finish. The child dies with the thread that started it.
 * Its counters are in shared memory and can be read at any time; they grow with each layer.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "images/limits.h"
#include "images/store.h"

/* Counters of a job, and its result. */
struct img_progress {
	uint32_t layers, layers_done; /* unpack: layers that were to be unpacked, that are */
	uint64_t entries, bytes;      /* unpack: written so far, whole layers */
	uint64_t bytes_total;         /* unpack: compressed bytes of those layers */
	uint64_t skipped_devices;     /* device nodes and sockets that were not made */
	uint64_t skipped_xattrs;      /* attributes outside user.* and security.capability */
	uint64_t blobs_removed, layers_removed; /* gc */
};

struct img_job;

int img_job_pidfd(const struct img_job *j); /* readable once the job has ended; owned by j */
void img_job_progress(const struct img_job *j, struct img_progress *ret);
void img_job_cancel(
	struct img_job *j); /* it removes what is half done and ends, SP_E_INTERRUPTED */

/* Collect the result (waits if the job still runs) and free j. ret may be NULL. */
int img_job_finish(struct img_job *j, struct img_progress *ret, struct sp_err *err);
