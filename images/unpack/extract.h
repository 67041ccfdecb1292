/*
 * A layer's tar stream into the directory below one root fd. To be run in a confined process; it
 * never uses a path but relative to that fd, resolved once (openat2 RESOLVE_BENEATH), so it is also
 * safe without the confinement.
 */
#pragma once

#include "base/err.h"
#include "images/job.h"
#include "images/layer_stream.h"
#include "images/limits.h"
#include "images/whiteout.h"

struct img_extract {
	struct img_layer_stream *stream;
	int rootfd;
	struct img_limits limits;       /* filled in */
	struct img_progress *progress;  /* counted up */
	struct img_opaque_list *opaque; /* filled */
};

/* The message of an error names the entry. */
int img_extract(const struct img_extract *x, struct sp_err *err);
