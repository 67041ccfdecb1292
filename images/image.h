/* An image as its users need it: what to run, and from which layers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/mem.h"
#include "images/config.h"
#include "images/manifest.h"
#include "images/store.h"

struct img_image {
	char digest[SP_DIGEST_MAX]; /* of the manifest */
	uint64_t size_bytes;        /* manifest, config and layers as stored */
	struct img_descriptor self; /* the manifest's own descriptor */
	struct img_manifest manifest;
	struct img_config config;
	char **layer_dirs; /* absolute paths, top first, each once: overlayfs lower layers in order
			    */
	bool unpacked;     /* all of them exist */
};

/*
 * By reference ("name", "name:tag", "...@sha256:...") or by bare manifest digest ("sha256:...").
 * Manifest and config are read and verified; layers are not touched. NOT_FOUND names what is
 * missing.
 */
int img_resolve(struct img_store *s, const char *reference, struct img_image **ret,
		struct sp_err *err);
void img_image_free(struct img_image *i); /* takes NULL */
SP_AUTO(struct img_image *, img_image_free)

/*
 * All blobs an image is made of (manifest, config, layers; each once), as digests on the heap. With
 * missing_only, those that this store lacks: a manifest that is not there is then the only one
 * known. For a push: ask the receiver about each, send what it lacks, the manifest last.
 */
int img_blobs(struct img_store *s, const char *digest, bool missing_only, char ***ret,
	      struct sp_err *err);
