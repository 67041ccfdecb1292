/*
 * Bringing images in. Every blob's digest and size is checked while it is read; the name is given
 * last, so an import that fails leaves no image (its blobs go with the next img_gc()).
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "images/reference.h"
#include "images/store.h"

struct img_imported {
	char reference[IMG_REFERENCE_MAX];
	char digest[SP_DIGEST_MAX];
	uint64_t size_bytes;
};

/*
 * A tar stream of an OCI image layout ("OCI archive"), or of `docker save`; plain, gzip or zstd.
 * reference NULL: the name inside the archive, which must then be there. Of several images the one
 * for linux/amd64 is taken, then the one whose name is `reference` (or its tag). fd is read from
 * its current offset, and may be a pipe.
 */
int img_import_archive(struct img_store *s, int fd, const char *reference, struct img_imported *ret,
		       struct sp_err *err);

/* The same from an OCI layout in a directory. */
int img_import_directory(struct img_store *s, int dirfd, const char *reference,
			 struct img_imported *ret, struct sp_err *err);

/*
 * A root filesystem as one tar (plain, gzip or zstd): makes a layer, a config (options: see
 * img_config_format()) and a manifest. The same bytes give the same digest. `base`, a reference or
 * NULL, puts the layer on top of an image that is already here.
 */
int img_import_rootfs(struct img_store *s, int fd, const char *reference, const char *base,
		      json_t *options, struct img_imported *ret, struct sp_err *err);
