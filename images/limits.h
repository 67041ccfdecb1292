/*
 * The caps on everything that comes out of an image. A limit has a name and a number here, and the
 * error that tells of it names the limit.
 */
#pragma once

#include <stdint.h>

#define IMG_DOCUMENT_MAX   (4 << 20) /* bytes of a manifest, an index or a config */
#define IMG_LAYERS_MAX     120       /* overlayfs takes 500; one mount option string takes fewer */
#define IMG_INDEX_MAX      256       /* manifests in one index */
#define IMG_ARCHIVE_MAX    65536     /* entries of an OCI or docker archive */
#define IMG_REFERENCES_MAX 4096      /* names in one store */
#define IMG_XATTR_MAX      65536     /* bytes of one extended attribute (the kernel's own cap) */

/* Caps on one layer; each 0 means the default. */
struct img_limits {
	uint64_t bytes_max;   /* of all file contents; IMG_LAYER_BYTES_MAX */
	uint64_t entries_max; /* IMG_LAYER_ENTRIES_MAX */
	uint32_t path_max;    /* bytes of one name; IMG_LAYER_PATH_MAX */
};

#define IMG_LAYER_BYTES_MAX   (UINT64_C(64) << 30)
#define IMG_LAYER_ENTRIES_MAX UINT64_C(2000000)
#define IMG_LAYER_PATH_MAX    4095
#define IMG_LAYER_DEPTH_MAX   256 /* components of one name; removal walks no deeper */

/* The caps to apply: those of l (may be NULL), with the defaults filled in. */
struct img_limits img_limits_or_default(const struct img_limits *l);
