/*
 * A layer as a stream of tar entries: decompressed (gzip, zstd or plain, told by its content),
 * parsed by libarchive, and hashed on the way, so that at the end its diff_id is known.
 */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/mem.h"

struct img_layer_stream;

/* fd is borrowed and read from its current offset; bytes_max caps the uncompressed stream. */
int img_layer_stream_new(int fd, uint64_t bytes_max, struct img_layer_stream **ret,
			 struct sp_err *err);
void img_layer_stream_free(struct img_layer_stream *l); /* takes NULL */
SP_AUTO(struct img_layer_stream *, img_layer_stream_free)

/* 1 and the next entry (valid until the next call), or 0 at the end. */
int img_layer_stream_next(struct img_layer_stream *l, struct archive_entry **ret,
			  struct sp_err *err);
/* 1 and the next piece of the entry's content with its offset (holes are left out), or 0 at its
 * end. */
int img_layer_stream_data(struct img_layer_stream *l, const void **ret, size_t *ret_len,
			  int64_t *ret_off, struct sp_err *err);
/* Read what follows the last entry, and give the digest of all of it. Call once. */
int img_layer_stream_digest(struct img_layer_stream *l, char ret[SP_DIGEST_MAX],
			    struct sp_err *err);
