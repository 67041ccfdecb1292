/* Copying images to nodes; see image_push.h. */
#include "control/node/image_push.h"

#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "images/blob.h"
#include "images/image.h"

static int send_blob(struct img_store *images, struct agent *a, const char *digest,
		     struct image_push *ret, struct sp_err *err)
{
	struct img_descriptor d = { 0 };
	autoclose int fd = -1;
	int r = agent_has_blob(a, digest, err);

	if (r < 0)
		return r;
	if (r == 1) {
		ret->blobs_present++;
		return 0;
	}
	snprintf(d.digest, sizeof(d.digest), "%s", digest);
	r = img_blob_has(images, digest, &d.size, err);
	if (r == 0)
		return sp_fail(err, SP_E_NOT_FOUND, "blob '%s' is not in the cluster", digest);
	fd = r < 0 ? r : img_blob_open(images, &d, err);
	if (fd < 0)
		return fd;
	r = agent_put_blob(a, digest, fd, d.size, err);
	if (r < 0)
		return r;
	ret->blobs_sent++;
	ret->bytes_sent += d.size;
	return 0;
}

int image_push(struct img_store *images, struct agent *a, const char *reference, const char *digest,
	       struct image_push *ret, struct sp_err *err)
{
	char **blobs = NULL;
	int r = img_blobs(images, digest, false, &blobs, err);

	*ret = (struct image_push){ 0 };
	for (size_t i = 0; r == 0 && blobs[i]; i++)
		if (strcmp(blobs[i], digest) != 0)
			r = send_blob(images, a, blobs[i], ret, err);
	if (r == 0)
		r = send_blob(images, a, digest, ret, err);
	if (r == 0)
		r = agent_put_image(a, reference, digest, err);
	sp_strv_free(blobs);
	return r;
}
