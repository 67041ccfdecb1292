/* Blobs of a store: content under its digest, verified on the way in and again when it is read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "images/descriptor.h"
#include "images/store.h"

/* 1 and its size (ret_size may be NULL), or 0 when it is not there. digest must be valid. */
int img_blob_has(struct img_store *s, const char *digest, uint64_t *ret_size, struct sp_err *err);

/* A read-only fd of the blob, whose size must be as described: a truncated blob is SP_E_CORRUPT. */
int img_blob_open(struct img_store *s, const struct img_descriptor *d, struct sp_err *err);

/* A whole small blob (at most IMG_DOCUMENT_MAX), its digest checked. d->size 0: any size. */
int img_blob_read(struct img_store *s, const struct img_descriptor *d, struct sp_buf *out,
		  struct sp_err *err);

/* Store a document of our own making; fills digest and size. */
int img_blob_write(struct img_store *s, const void *data, size_t len, struct img_descriptor *ret,
		   struct sp_err *err);

int img_blob_remove(struct img_store *s, const char *digest,
		    struct sp_err *err); /* absent is fine */
