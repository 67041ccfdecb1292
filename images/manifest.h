/* Image manifests (OCI image-spec, manifest.md; docker v2 schema 2): a config and its layers. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "images/descriptor.h"
#include "images/limits.h"

struct img_manifest {
	enum img_media media; /* of the document itself */
	struct img_descriptor config;
	struct img_descriptor layers[IMG_LAYERS_MAX]; /* lowest first, as in the document */
	size_t n_layers;
};

int img_manifest_parse(const char *text, size_t len, struct img_manifest *ret, struct sp_err *err);
/* The OCI document, byte for byte the same for the same manifest. */
int img_manifest_format(const struct img_manifest *m, struct sp_buf *out, struct sp_err *err);
