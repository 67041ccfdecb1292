/* Spooled uploads; see upload.h. */
#include "control/api/upload.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"

struct upload {
	int fd;
	uint64_t size;
};

static void upload_free(void *p)
{
	struct upload *u = p;

	sp_close(&u->fd);
	free(u);
}

static int begin(void **slot, struct img_store *images, struct sp_err *err)
{
	struct upload *u = calloc(1, sizeof(*u));

	if (!u)
		return sp_fail_nomem(err);
	u->fd = img_store_tmpfile(images, err);
	*slot = u;
	return u->fd < 0 ? u->fd : 0;
}

int upload_take(struct sp_httpd_req *req, struct img_store *images, uint64_t max, const void *data,
		size_t len, struct sp_err *err)
{
	void **slot = sp_httpd_slot(req, upload_free);
	struct upload *u;
	int r = *slot || !len ? 0 : begin(slot, images, err);

	u = *slot;
	if (r < 0 || !u)
		return r;
	if (!len)
		return lseek(u->fd, 0, SEEK_SET) < 0 ? sp_fail_errno(err, errno, "upload") : 0;
	u->size += len;
	if (u->size > max)
		return sp_fail(err, SP_E_TOO_LARGE,
			       "the archive is over %llu bytes (image_max of controld)",
			       (unsigned long long)max);
	r = sp_write_all(u->fd, data, len);
	return r < 0 ? sp_fail_errno(err, -r, "upload to the image store") : 0;
}

int upload_fd(struct sp_httpd_req *req)
{
	struct upload *u = *sp_httpd_slot(req, upload_free);

	return u ? u->fd : -1;
}
