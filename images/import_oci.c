/* From index.json, through nested indexes, to a manifest and its blobs; see import_oci.h. */
#include "images/import_oci.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "images/blob.h"
#include "images/catalog.h"
#include "images/image.h"
#include "images/index.h"

#define NESTING_MAX 4 /* indexes in indexes */

struct import {
	struct img_store *store;
	img_fetch_fn fetch;
	void *owner;
	const char *want; /* reference, or NULL */
	char *name;       /* the one found in the index, or NULL */
};

static int read_document(struct import *i, const struct img_descriptor *d, struct sp_buf *out,
			 struct sp_err *err)
{
	int r = i->fetch(i->owner, d, err);

	return r < 0 ? r : img_blob_read(i->store, d, out, err);
}

/* Follow the choices down to a manifest; its text is left in doc. */
static int find_manifest(struct import *i, const char *text, size_t len, struct sp_buf *doc,
			 struct img_descriptor *ret, struct sp_err *err)
{
	for (int depth = 0; depth < NESTING_MAX; depth++) {
		autofree char *name = NULL;
		int r = img_index_choose(text, len, i->want, ret, &name, err);

		if (r == 0)
			r = read_document(i, ret, doc, err);
		if (r < 0)
			return r;
		if (!i->name)
			i->name = take_ptr(name);
		if (img_media_kind(ret->media) == IMG_KIND_MANIFEST)
			return 0;
		text = doc->data ? doc->data : "";
		len = doc->len;
	}
	return sp_fail(err, SP_E_INVALID, "index holds indexes more than %d deep", NESTING_MAX);
}

static int fetch_image(struct import *i, const struct sp_buf *doc, struct sp_err *err)
{
	autofree struct img_manifest *m = malloc(sizeof(*m));
	int r;

	if (!m)
		return sp_fail_nomem(err);
	r = img_manifest_parse(doc->data ? doc->data : "", doc->len, m, err);
	if (r == 0)
		r = i->fetch(i->owner, &m->config, err);
	for (size_t l = 0; r == 0 && l < m->n_layers; l++)
		r = i->fetch(i->owner, &m->layers[l], err);
	return r;
}

int img_import_name(struct img_store *s, const char *reference, const char *digest,
		    struct img_imported *ret, struct sp_err *err)
{
	auto_(img_image_free) struct img_image *image = NULL;
	struct img_reference ref;
	int r = img_reference_parse(reference, &ref, err);

	if (r == 0)
		r = img_tag(s, reference, digest, err);
	if (r == 0)
		r = img_resolve(s, digest, &image, err);
	if (r < 0)
		return r;
	img_reference_key(&ref, ret->reference);
	memcpy(ret->digest, image->digest, sizeof(ret->digest));
	ret->size_bytes = image->size_bytes;
	return 0;
}

int img_import_index(struct img_store *s, const char *text, size_t len, const char *reference,
		     img_fetch_fn fetch, void *owner, struct img_imported *ret, struct sp_err *err)
{
	struct import i = { .store = s, .fetch = fetch, .owner = owner, .want = reference };
	autobuf struct sp_buf doc = SP_BUF_INIT;
	struct img_descriptor d;
	int r = find_manifest(&i, text, len, &doc, &d, err);

	if (r == 0)
		r = fetch_image(&i, &doc, err);
	if (r == 0 && !reference && !i.name)
		r = sp_fail(err, SP_E_INVALID, "the image has no name of its own, so give it one");
	if (r == 0)
		r = img_import_name(s, reference ? reference : i.name, d.digest, ret, err);
	free(i.name);
	return r;
}

int img_import_made(struct img_store *s, struct img_manifest *m, const char *config,
		    size_t config_len, const char *reference, struct img_imported *ret,
		    struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	struct img_descriptor self;
	int r = img_blob_write(s, config, config_len, &m->config, err);

	m->config.media = IMG_MEDIA_OCI_CONFIG;
	if (r >= 0)
		r = img_manifest_format(m, &text, err);
	if (r == 0)
		r = img_blob_write(s, text.data, text.len, &self, err);
	return r < 0 ? r : img_import_name(s, reference, self.digest, ret, err);
}
