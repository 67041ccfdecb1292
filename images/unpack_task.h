/*
 * What agentd-unpack is told and what it tells, in one shared, sealed memfd; the starter's side is
 * unpack.c, the program images/unpack/. The program reads what strangers wrote, so what it leaves
 * here is checked before it is believed, and only once the program is gone.
 */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "images/job.h"
#include "images/limits.h"
#include "images/whiteout.h"

#define IMG_UNPACK_PROGRAM "agentd-unpack"

/* The descriptors it is started with, besides 0..2. */
enum img_unpack_fd {
	IMG_UNPACK_BLOB = 3, /* the layer, compressed or not, read from its start */
	IMG_UNPACK_ROOT,     /* the empty directory that it goes into */
	IMG_UNPACK_TASK,     /* a memfd that holds the struct below */
	IMG_UNPACK_FDS_END
};

struct img_unpack_task {
	struct img_limits limits;    /* filled in */
	char diff_id[SP_DIGEST_MAX]; /* what the uncompressed stream must have */

	struct sp_err err; /* when the program ends with another status than 0 */
	struct img_progress progress;
	struct img_opaque_list opaque; /* to be applied by who may do so */
};
