/* Image indexes (OCI image-spec, image-index.md; docker manifest lists): which manifest is ours. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "images/descriptor.h"

#define IMG_OS           "linux"
#define IMG_ARCHITECTURE "amd64"

/*
 * The one entry that fits linux/amd64 (entries that name no platform fit). Where several fit, the
 * one whose reference annotation equals `want` (a reference or its tag; NULL: none wanted) is
 * taken; otherwise the choice is refused with the names found. The result may be another index.
 */
int img_index_choose(const char *text, size_t len, const char *want, struct img_descriptor *ret,
		     char **ret_name,
		     struct sp_err *err); /* *ret_name: its annotation or NULL; free() */
