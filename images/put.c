/* Blobs on their way in; see put.h. The file has no name until its content is proved. */
#include "images/put.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "images/store_dirs.h"

#define WRITEBACK_STEP (UINT64_C(8) << 20) /* bytes between requests to start writing to disk */

struct img_put {
	struct img_store *store;
	struct sp_digest *hash; /* NULL once sealed */
	int fd;
	char name[IMG_TMP_NAME_MAX];    /* in tmp/; "" before it exists */
	char want[SP_DIGEST_MAX];       /* "" when any will do */
	char digest[SP_DIGEST_MAX];     /* once sealed */
	uint64_t size, written, pushed; /* size may be IMG_SIZE_UNKNOWN */
};

static const char *shown(const struct img_put *p)
{
	return *p->want ? p->want : "of unknown digest";
}

static int open_file(struct img_put *p, struct sp_err *err)
{
	char name[IMG_TMP_NAME_MAX];
	int r = img_tmp_name("blob", name, err);

	if (r < 0)
		return r;
	p->fd = openat(p->store->tmp, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		       0644);
	if (p->fd < 0)
		return sp_fail_errno(err, errno, "new blob");
	memcpy(p->name, name, sizeof(name));
	return 0;
}

int img_put_begin(struct img_store *s, const char *digest, uint64_t size, struct img_put **ret,
		  struct sp_err *err)
{
	auto_(img_put_abort) struct img_put *p = NULL;
	int r;

	if (digest && !sp_digest_valid(digest))
		return sp_fail(err, SP_E_INVALID, "'%.100s' is not a sha256 digest", digest);
	if (size != IMG_SIZE_UNKNOWN && size > IMG_BLOB_BYTES_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "blob of %" PRIu64 " bytes, at most %" PRIu64,
			       size, IMG_BLOB_BYTES_MAX);
	p = calloc(1, sizeof(*p));
	if (!p)
		return sp_fail_nomem(err);
	p->store = s;
	p->fd = -1;
	p->size = size;
	if (digest)
		snprintf(p->want, sizeof(p->want), "%s", digest);
	r = sp_digest_new(&p->hash, err);
	if (r == 0)
		r = open_file(p, err);
	if (r < 0)
		return r;
	*ret = take_ptr(p);
	return 0;
}

int img_put_write(struct img_put *p, const void *data, size_t len, struct sp_err *err)
{
	uint64_t max = p->size == IMG_SIZE_UNKNOWN ? IMG_BLOB_BYTES_MAX : p->size;
	int r;

	if (len > max - p->written)
		return sp_fail(err, p->size == IMG_SIZE_UNKNOWN ? SP_E_TOO_LARGE : SP_E_CORRUPT,
			       "blob %s: more than %" PRIu64 " bytes arrive", shown(p), max);
	r = sp_write_all(p->fd, data, len);
	if (r < 0)
		return sp_fail_errno(err, -r, "blob %s: write", shown(p));
	sp_digest_update(p->hash, data, len);
	p->written += len;
	if (p->written - p->pushed >= WRITEBACK_STEP) {
		sync_file_range(p->fd, (off_t)p->pushed, (off_t)(p->written - p->pushed),
				SYNC_FILE_RANGE_WRITE);
		p->pushed = p->written;
	}
	return 0;
}

int img_put_seal(struct img_put *p, struct sp_err *err)
{
	if (p->hash)
		sp_digest_finish(take_ptr(p->hash), p->digest);
	if (p->size != IMG_SIZE_UNKNOWN && p->written != p->size)
		return sp_fail(err, SP_E_CORRUPT,
			       "blob %s is truncated: %" PRIu64 " of %" PRIu64 " bytes", shown(p),
			       p->written, p->size);
	if (*p->want && strcmp(p->want, p->digest) != 0)
		return sp_fail(err, SP_E_CORRUPT,
			       "digest mismatch: blob %s has content of digest %s", p->want,
			       p->digest);
	return p->fd;
}

/* Putting a blob that is there makes it young again, which protects it from gc until it is named.
 */
static int name_it(struct img_put *p, struct sp_err *err)
{
	const char *hex = sp_digest_hex(p->digest);

	if (renameat2(p->store->tmp, p->name, p->store->blobs, hex, RENAME_NOREPLACE) == 0) {
		p->name[0] = '\0';
		return 1;
	}
	if (errno != EEXIST)
		return sp_fail_errno(err, errno, "blob %s: rename", p->digest);
	if (utimensat(p->store->blobs, hex, NULL, AT_SYMLINK_NOFOLLOW) < 0)
		return sp_fail_errno(err, errno, "blob %s: touch", p->digest);
	return 0;
}

int img_put_publish(struct img_put *p, char ret_digest[SP_DIGEST_MAX], uint64_t *ret_size,
		    struct sp_err *err)
{
	int r = img_put_seal(p, err);

	if (r >= 0)
		r = name_it(p, err);
	if (r >= 0 && ret_digest)
		memcpy(ret_digest, p->digest, SP_DIGEST_MAX);
	if (r >= 0 && ret_size)
		*ret_size = p->written;
	img_put_abort(p);
	return r;
}

int img_put_commit(struct img_put *p, char ret_digest[SP_DIGEST_MAX], uint64_t *ret_size,
		   struct sp_err *err)
{
	struct img_store *s = p->store;
	int r = img_put_seal(p, err);

	if (r >= 0 && fdatasync(p->fd) < 0)
		r = sp_fail_errno(err, errno, "blob %s: fsync", shown(p));
	if (r < 0) {
		img_put_abort(p);
		return r;
	}
	r = img_put_publish(p, ret_digest, ret_size, err);
	if (r > 0 && fsync(s->blobs) < 0)
		return sp_fail_errno(err, errno, "blobs: fsync");
	return r;
}

void img_put_abort(struct img_put *p)
{
	if (!p)
		return;
	if (*p->name)
		unlinkat(p->store->tmp, p->name, 0);
	sp_close(&p->fd);
	sp_digest_free(p->hash);
	free(p);
}
