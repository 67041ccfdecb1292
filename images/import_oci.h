/* The end that all imports of OCI layouts share: from index.json to a named image. */
#pragma once

#include "base/err.h"
#include "images/descriptor.h"
#include "images/import.h"
#include "images/manifest.h"

/* Bring the blob of d into the store, if it is not there yet. */
typedef int (*img_fetch_fn)(void *owner, const struct img_descriptor *d, struct sp_err *err);

int img_import_index(struct img_store *s, const char *text, size_t len, const char *reference,
		     img_fetch_fn fetch, void *owner, struct img_imported *ret, struct sp_err *err);

/* The manifest is in the store: name it, and fill ret. */
int img_import_name(struct img_store *s, const char *reference, const char *digest,
		    struct img_imported *ret, struct sp_err *err);
/* Put config and manifest of an image made here, then name it. m's config is filled in. */
int img_import_made(struct img_store *s, struct img_manifest *m, const char *config,
		    size_t config_len, const char *reference, struct img_imported *ret,
		    struct sp_err *err);
