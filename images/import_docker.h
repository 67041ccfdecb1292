/* The layout of `docker save` (image-spec v1.2): manifest.json names a config and layers by file.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "images/descriptor.h"
#include "images/import.h"

/* Files of an archive and the blobs they became. */
struct img_member {
	char *name;
	struct img_descriptor blob;
};

struct img_members {
	struct img_member *list;
	size_t n, room;
};

int img_members_push(struct img_members *m, const char *parent, const char *base,
		     const struct img_descriptor *blob, struct sp_err *err);
void img_members_fini(struct img_members *m);

/* manifest.json may hold one image. Its layers keep their order and bytes; the config is taken as
 * is. */
int img_import_docker(struct img_store *s, const char *text, size_t len,
		      const struct img_members *members, const char *reference,
		      struct img_imported *ret, struct sp_err *err);
