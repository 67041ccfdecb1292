/* Copying an image from the cluster's store to a node: only the blobs it lacks, the name last. */
#pragma once

#include <stdint.h>

#include "control/node/agent.h"

struct img_store;

struct image_push {
	uint64_t blobs_sent, blobs_present, bytes_sent;
};

/* reference is given to the node as it is; digest names the manifest. ret is filled also on
 * failure, with what was done until then. */
int image_push(struct img_store *images, struct agent *a, const char *reference, const char *digest,
	       struct image_push *ret, struct sp_err *err);
