/* Content descriptors (OCI image-spec, descriptor.md): what a blob is, its digest and its size. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

/* name, media type; OCI and docker v2 schema 2. What docker names differently means the same. */
#define IMG_MEDIA_TYPES(X)                                                           \
	X(OCI_INDEX, "application/vnd.oci.image.index.v1+json")                      \
	X(OCI_MANIFEST, "application/vnd.oci.image.manifest.v1+json")                \
	X(OCI_CONFIG, "application/vnd.oci.image.config.v1+json")                    \
	X(OCI_LAYER, "application/vnd.oci.image.layer.v1.tar")                       \
	X(OCI_LAYER_GZIP, "application/vnd.oci.image.layer.v1.tar+gzip")             \
	X(OCI_LAYER_ZSTD, "application/vnd.oci.image.layer.v1.tar+zstd")             \
	X(DOCKER_INDEX, "application/vnd.docker.distribution.manifest.list.v2+json") \
	X(DOCKER_MANIFEST, "application/vnd.docker.distribution.manifest.v2+json")   \
	X(DOCKER_CONFIG, "application/vnd.docker.container.image.v1+json")           \
	X(DOCKER_LAYER, "application/vnd.docker.image.rootfs.diff.tar")              \
	X(DOCKER_LAYER_GZIP, "application/vnd.docker.image.rootfs.diff.tar.gzip")

enum img_media {
	IMG_MEDIA_UNKNOWN,
#define X(sym, type) IMG_MEDIA_##sym,
	IMG_MEDIA_TYPES(X)
#undef X
};

enum img_kind {
	IMG_KIND_OTHER,
	IMG_KIND_INDEX,
	IMG_KIND_MANIFEST,
	IMG_KIND_CONFIG,
	IMG_KIND_LAYER
};

struct img_descriptor {
	enum img_media media;
	char digest[SP_DIGEST_MAX];
	uint64_t size;
};

const char *img_media_name(enum img_media media);
enum img_media img_media_parse(const char *type); /* UNKNOWN for anything not in the list */
enum img_kind img_media_kind(enum img_media media);

/*
 * Read the descriptor object j; path names it in messages ("manifest.layers[0]"). Digest and size
 * must be well formed, the media type must be of the wanted kind. Foreign layers (`urls`) are
 * refused: what is not in the archive is not fetched from elsewhere.
 */
int img_descriptor_decode(json_t *j, const char *path, enum img_kind want,
			  struct img_descriptor *ret, struct sp_err *err);
json_t *img_descriptor_encode(const struct img_descriptor *d); /* NULL when out of memory */
