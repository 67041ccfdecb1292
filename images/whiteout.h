/*
 * Whiteouts: how a layer says that something below it is gone. In tar (OCI image-spec, layer.md)
 * they are files named `.wh.NAME` and `.wh..wh..opq`; on disk, for overlayfs, a character device
 * 0:0 and an attribute trusted.overlay.opaque. Only a process with CAP_SYS_ADMIN may set the
 * attribute, so the confined one keeps a list of directories and its parent sets it afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define IMG_WHITEOUT_PREFIX ".wh."
#define IMG_WHITEOUT_OPAQUE ".wh..wh..opq"
#define IMG_WHITEOUT_META   ".wh..wh." /* AUFS's own files: nothing of the image */

#define IMG_OPAQUE_BYTES_MAX (4 << 20) /* of all names in one layer's list */

/* Directories of one layer that hide what is below: NUL-terminated paths, "." for the root. Lives
 * in memory shared between the two processes. */
struct img_opaque_list {
	uint32_t len;
	char names[IMG_OPAQUE_BYTES_MAX];
};

int img_opaque_push(struct img_opaque_list *l, const char *path, struct sp_err *err);
/* Set the attribute on all of them below rootfd; the list is not trusted. */
int img_opaque_apply(const struct img_opaque_list *l, int rootfd, struct sp_err *err);
bool img_opaque_is(const char *path); /* the directory hides all that is below it */

bool img_whiteout_is(int parentfd, const char *name); /* a character device 0:0 is there */
int img_whiteout_make(int parentfd, const char *name, struct sp_err *err);
