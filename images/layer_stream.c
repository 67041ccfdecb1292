/*
 * Two archives in a row; see layer_stream.h. The outer one is libarchive's raw format: it undoes
 * the compression and nothing else. The inner one reads tar from what the outer one gives; the
 * bytes are hashed in between.
 */
#include "images/layer_stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define READ_STEP 65536

struct img_layer_stream {
	struct archive *outer, *inner;
	struct sp_digest *hash;
	uint64_t bytes, bytes_max;
	struct sp_err failure; /* of the outer archive, told by the inner one's caller */
};

static int fail_archive(struct archive *a, const char *what, struct sp_err *err)
{
	const char *text = archive_error_string(a);

	if (archive_errno(a) == ENOMEM)
		return sp_fail_nomem(err);
	return sp_fail(err, SP_E_CORRUPT, "%s: %s", what, text ? text : "unreadable");
}

/* One step of the uncompressed stream: bytes, 0 at the end, -errno (failure is set). */
static la_ssize_t step(struct img_layer_stream *l, const void **ret)
{
	int64_t off;
	size_t len;
	int r = archive_read_data_block(l->outer, ret, &len, &off);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK)
		return fail_archive(l->outer, "compressed stream", &l->failure);
	if (len > l->bytes_max - l->bytes)
		return sp_fail(&l->failure, SP_E_TOO_LARGE,
			       "more than %" PRIu64 " bytes uncompressed", l->bytes_max);
	l->bytes += len;
	sp_digest_update(l->hash, *ret, len);
	return (la_ssize_t)len;
}

static la_ssize_t on_read(struct archive *a, void *owner, const void **ret)
{
	struct img_layer_stream *l = owner;
	la_ssize_t n = step(l, ret);

	if (n < 0) {
		archive_set_error(a, EIO, "%s", l->failure.message);
		return ARCHIVE_FATAL;
	}
	return n;
}

/* The outer archive's error is the cause when it has one. */
static int fail_inner(struct img_layer_stream *l, struct sp_err *err)
{
	if (!l->failure.code)
		return fail_archive(l->inner, "tar", err);
	if (err)
		*err = l->failure;
	return sp_err_return(&l->failure);
}

static int open_outer(struct img_layer_stream *l, int fd, struct sp_err *err)
{
	struct archive_entry *e;
	int r;

	l->outer = archive_read_new();
	if (!l->outer)
		return sp_fail_nomem(err);
	archive_read_support_filter_gzip(l->outer);
	archive_read_support_filter_zstd(l->outer);
	archive_read_support_format_raw(l->outer);
	archive_read_support_format_empty(l->outer);
	if (archive_read_open_fd(l->outer, fd, READ_STEP) != ARCHIVE_OK)
		return fail_archive(l->outer, "open", err);
	r = archive_read_next_header(l->outer, &e);
	if (r == ARCHIVE_EOF)
		return sp_fail(err, SP_E_CORRUPT, "the stream is empty");
	return r == ARCHIVE_OK ? 0 : fail_archive(l->outer, "compressed stream", err);
}

static int open_inner(struct img_layer_stream *l, struct sp_err *err)
{
	l->inner = archive_read_new();
	if (!l->inner)
		return sp_fail_nomem(err);
	archive_read_support_format_tar(l->inner);
	if (archive_read_open(l->inner, l, NULL, on_read, NULL) != ARCHIVE_OK)
		return fail_inner(l, err);
	return 0;
}

int img_layer_stream_new(int fd, uint64_t bytes_max, struct img_layer_stream **ret,
			 struct sp_err *err)
{
	auto_(img_layer_stream_free) struct img_layer_stream *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return sp_fail_nomem(err);
	l->bytes_max = bytes_max;
	r = sp_digest_new(&l->hash, err);
	if (r == 0)
		r = open_outer(l, fd, err);
	if (r == 0)
		r = open_inner(l, err);
	if (r < 0)
		return r;
	*ret = take_ptr(l);
	return 0;
}

void img_layer_stream_free(struct img_layer_stream *l)
{
	if (!l)
		return;
	if (l->inner)
		archive_read_free(l->inner);
	if (l->outer)
		archive_read_free(l->outer);
	sp_digest_free(l->hash);
	free(l);
}

int img_layer_stream_next(struct img_layer_stream *l, struct archive_entry **ret,
			  struct sp_err *err)
{
	int r = archive_read_next_header(l->inner, ret);

	if (r == ARCHIVE_EOF)
		return 0;
	/* WARN: a name that is not valid UTF-8 is kept as its bytes, which is what we want. */
	return r == ARCHIVE_OK || r == ARCHIVE_WARN ? 1 : fail_inner(l, err);
}

int img_layer_stream_data(struct img_layer_stream *l, const void **ret, size_t *ret_len,
			  int64_t *ret_off, struct sp_err *err)
{
	int r = archive_read_data_block(l->inner, ret, ret_len, ret_off);

	if (r == ARCHIVE_EOF)
		return 0;
	return r == ARCHIVE_OK ? 1 : fail_inner(l, err);
}

int img_layer_stream_digest(struct img_layer_stream *l, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	const void *data;
	la_ssize_t n;

	while ((n = step(l, &data)) > 0)
		;
	if (n < 0) {
		if (err)
			*err = l->failure;
		return (int)n;
	}
	sp_digest_finish(take_ptr(l->hash), ret);
	return 0;
}
