/* An OCI layout in a directory: only the blobs of the chosen image are copied. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "images/blob.h"
#include "images/import_oci.h"
#include "images/limits.h"
#include "images/put.h"

#define COPY_STEP 65536

struct directory {
	struct img_store *store;
	int fd;
};

static int copy(int fd, struct img_put *p, struct sp_err *err)
{
	autofree char *step = malloc(COPY_STEP);
	ssize_t n;
	int r = 0;

	if (!step)
		return sp_fail_nomem(err);
	while (r == 0 && (n = read(fd, step, COPY_STEP)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		r = n < 0 ? sp_fail_errno(err, errno, "read")
			  : img_put_write(p, step, (size_t)n, err);
	}
	return r;
}

static int fetch(void *owner, const struct img_descriptor *d, struct sp_err *err)
{
	auto_(img_put_abort) struct img_put *p = NULL;
	struct directory *from = owner;
	autoclose int fd = -1;
	char path[SP_DIGEST_MAX + 16];
	int r;

	snprintf(path, sizeof(path), "blobs/sha256/%s", sp_digest_hex(d->digest));
	fd = sp_open_beneath(from->fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0,
			     err);
	if (fd < 0)
		return fd;
	r = img_put_begin(from->store, d->digest, d->size, &p, err);
	if (r == 0)
		r = copy(fd, p, err);
	if (r < 0)
		return r;
	r = img_put_commit(take_ptr(p), NULL, NULL, err);
	return r < 0 ? r : 0;
}

int img_import_directory(struct img_store *s, int dirfd, const char *reference,
			 struct img_imported *ret, struct sp_err *err)
{
	struct directory from = { .store = s, .fd = dirfd };
	autobuf struct sp_buf text = SP_BUF_INIT;
	autoclose int fd = sp_open_beneath(dirfd, "index.json",
					   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0, err);
	int r;

	if (fd < 0)
		return sp_err_prefix(err, "not an OCI image layout"), fd;
	r = sp_read_all(fd, IMG_DOCUMENT_MAX, &text, err);
	return r < 0 ? r
		     : img_import_index(s, text.data ? text.data : "", text.len, reference, fetch,
					&from, ret, err);
}
