/* Blobs at rest; see blob.h. */
#include "images/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "images/limits.h"
#include "images/put.h"
#include "images/store_dirs.h"

int img_blob_has(struct img_store *s, const char *digest, uint64_t *ret_size, struct sp_err *err)
{
	struct stat st;

	if (!sp_digest_valid(digest))
		return sp_fail(err, SP_E_INVALID, "'%.100s' is not a sha256 digest", digest);
	if (fstatat(s->blobs, sp_digest_hex(digest), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : sp_fail_errno(err, errno, "blob %s", digest);
	if (ret_size)
		*ret_size = (uint64_t)st.st_size;
	return 1;
}

static int check_size(int fd, const struct img_descriptor *d, struct sp_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return sp_fail_errno(err, errno, "blob %s", d->digest);
	if (!S_ISREG(st.st_mode))
		return sp_fail(err, SP_E_CORRUPT, "blob %s is not a file", d->digest);
	if (d->size && (uint64_t)st.st_size < d->size)
		return sp_fail(err, SP_E_CORRUPT, "blob %s is truncated: %lld of %" PRIu64 " bytes",
			       d->digest, (long long)st.st_size, d->size);
	if (d->size && (uint64_t)st.st_size > d->size)
		return sp_fail(err, SP_E_CORRUPT, "blob %s has %lld bytes, %" PRIu64 " are right",
			       d->digest, (long long)st.st_size, d->size);
	return 0;
}

int img_blob_open(struct img_store *s, const struct img_descriptor *d, struct sp_err *err)
{
	autoclose int fd = -1;
	int r;

	if (!sp_digest_valid(d->digest))
		return sp_fail(err, SP_E_INVALID, "'%.100s' is not a sha256 digest", d->digest);
	fd = openat(s->blobs, sp_digest_hex(d->digest), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return sp_fail(err, SP_E_NOT_FOUND, "blob %s is not here", d->digest);
	if (fd < 0)
		return sp_fail_errno(err, errno, "blob %s", d->digest);
	r = check_size(fd, d, err);
	return r < 0 ? r : take_fd(fd);
}

int img_blob_read(struct img_store *s, const struct img_descriptor *d, struct sp_buf *out,
		  struct sp_err *err)
{
	char digest[SP_DIGEST_MAX];
	autoclose int fd = img_blob_open(s, d, err);
	int r;

	if (fd < 0)
		return fd;
	sp_buf_clear(out);
	r = sp_read_all(fd, IMG_DOCUMENT_MAX, out, err);
	if (r < 0)
		return sp_err_prefix(err, "blob %s", d->digest), r;
	r = sp_digest_of(out->len ? out->data : "", out->len, digest, err);
	if (r < 0)
		return r;
	if (strcmp(digest, d->digest) != 0)
		return sp_fail(err, SP_E_CORRUPT,
			       "digest mismatch: blob %s has content of digest %s", d->digest,
			       digest);
	return 0;
}

int img_blob_write(struct img_store *s, const void *data, size_t len, struct img_descriptor *ret,
		   struct sp_err *err)
{
	auto_(img_put_abort) struct img_put *p = NULL;
	int r = img_put_begin(s, NULL, len, &p, err);

	if (r == 0)
		r = img_put_write(p, data, len, err);
	return r < 0 ? r : img_put_commit(take_ptr(p), ret->digest, &ret->size, err);
}

int img_blob_remove(struct img_store *s, const char *digest, struct sp_err *err)
{
	if (!sp_digest_valid(digest))
		return sp_fail(err, SP_E_INVALID, "'%.100s' is not a sha256 digest", digest);
	if (unlinkat(s->blobs, sp_digest_hex(digest), 0) < 0 && errno != ENOENT)
		return sp_fail_errno(err, errno, "remove blob %s", digest);
	return 0;
}
