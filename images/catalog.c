/* Names -> manifests in index.json; see catalog.h. Readers see the old file or the new one, whole.
 */
#include "images/catalog.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/str.h"
#include "images/blob.h"
#include "images/image.h"
#include "images/store_dirs.h"

#define REF_NAME "org.opencontainers.image.ref.name"

static int load(struct img_store *s, json_t **ret_doc, json_t **ret_list, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	autojson json_t *doc = NULL;
	struct sp_json_reader r;
	json_t *list;
	int e = sp_file_read_at(s->root, "index.json", IMG_DOCUMENT_MAX, &text, err);

	if (e == 0)
		e = sp_json_parse(text.data ? text.data : "", text.len, &doc, err);
	if (e < 0)
		return sp_err_prefix(err, "image store '%s'", s->path), e;
	sp_json_open(&r, doc, "index.json", err);
	list = sp_json_array(&r, "manifests");
	if (!r.error && !list)
		sp_json_refuse(&r, "manifests", "is missing");
	if (r.error)
		return r.error;
	*ret_doc = take_ptr(doc);
	*ret_list = list;
	return 0;
}

static int save(struct img_store *s, const json_t *doc, struct sp_err *err)
{
	autofree char *text = sp_json_canonical(doc);

	if (!text)
		return sp_fail_nomem(err);
	return sp_file_replace_at(s->root, "index.json", text, strlen(text), 0644, err);
}

static const char *name_of(const json_t *entry)
{
	return json_string_value(json_object_get(json_object_get(entry, "annotations"), REF_NAME));
}

/* Position of a name in the list, or its length. */
static size_t find(const json_t *list, const char *key)
{
	size_t i = 0;

	while (i < json_array_size(list) && !sp_str_eq(name_of(json_array_get(list, i)), key))
		i++;
	return i;
}

static int named_digest(struct img_store *s, const char *key, char ret[SP_DIGEST_MAX],
			struct sp_err *err)
{
	autojson json_t *doc = NULL;
	json_t *list, *entry;
	const char *digest;
	int r = load(s, &doc, &list, err);

	if (r < 0)
		return r;
	entry = json_array_get(list, find(list, key));
	if (!entry)
		return 0;
	digest = json_string_value(json_object_get(entry, "digest"));
	if (!sp_digest_valid(digest))
		return sp_fail(err, SP_E_CORRUPT, "image store '%s': '%s' has no digest", s->path,
			       key);
	snprintf(ret, SP_DIGEST_MAX, "%s", digest);
	return 1;
}

static int need_manifest(struct img_store *s, const char *reference, const char *digest,
			 struct sp_err *err)
{
	int r = img_blob_has(s, digest, NULL, err);

	return r == 0 ? sp_fail(err, SP_E_NOT_FOUND, "image '%s' is not here", reference)
		      : (r < 0 ? r : 0);
}

int img_digest_of(struct img_store *s, const char *reference, char ret[SP_DIGEST_MAX],
		  struct sp_err *err)
{
	char key[IMG_REFERENCE_MAX], digest[SP_DIGEST_MAX] = "";
	struct img_reference ref = { 0 };
	int r;

	if (sp_digest_valid(reference)) {
		snprintf(ret, SP_DIGEST_MAX, "%s", reference);
		return need_manifest(s, reference, reference, err);
	}
	r = img_reference_parse(reference, &ref, err);
	if (r < 0)
		return r;
	img_reference_key(&ref, key);
	r = named_digest(s, key, digest, err);
	if (r < 0)
		return r;
	if (r == 0 && !*ref.digest)
		return sp_fail(err, SP_E_NOT_FOUND, "image '%s' is not here", reference);
	if (r > 0 && *ref.digest && strcmp(digest, ref.digest) != 0)
		return sp_fail(err, SP_E_CONFLICT, "image '%s': '%s' is %s here", reference, key,
			       digest);
	snprintf(ret, SP_DIGEST_MAX, "%s", *ref.digest ? ref.digest : digest);
	return need_manifest(s, reference, ret, err);
}

static int check_sizes(struct img_store *s, const struct img_manifest *m, struct sp_err *err)
{
	int r = 0;

	for (size_t l = 0; r == 0 && l <= m->n_layers; l++) {
		autoclose int fd =
			img_blob_open(s, l < m->n_layers ? &m->layers[l] : &m->config, err);

		r = fd < 0 ? fd : 0;
	}
	return r;
}

/* Every blob must be there, of the size the manifest says, before a name is given. */
static int check_whole(struct img_store *s, const char *digest, struct img_image **ret,
		       struct sp_err *err)
{
	char **missing = NULL;
	int r = img_blobs(s, digest, true, &missing, err);

	if (r == 0 && missing[0])
		r = sp_fail(err, SP_E_NOT_FOUND, "image %s lacks blob %s and %zu more", digest,
			    missing[0], sp_strv_count(missing) - 1);
	sp_strv_free(missing);
	if (r == 0)
		r = img_resolve(s, digest, ret, err);
	return r < 0 ? r : check_sizes(s, &(*ret)->manifest, err);
}

static int name_of_reference(const char *reference, char ret[IMG_REFERENCE_MAX], struct sp_err *err)
{
	struct img_reference ref;
	int r = img_reference_parse(reference, &ref, err);

	if (r < 0)
		return r;
	if (*ref.digest)
		return sp_fail(err, SP_E_INVALID, "image reference '%s': a name to give has no '@'",
			       reference);
	img_reference_key(&ref, ret);
	return 0;
}

static int put_name(struct img_store *s, const char *key, const struct img_image *image,
		    struct sp_err *err)
{
	autojson json_t *doc = NULL;
	json_t *list, *entry;
	size_t at;
	int r = load(s, &doc, &list, err);

	if (r < 0)
		return r;
	at = find(list, key);
	if (at == IMG_REFERENCES_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "image store '%s' holds %d names already",
			       s->path, IMG_REFERENCES_MAX);
	entry = img_descriptor_encode(&image->self);
	if (!entry ||
	    json_object_set_new(entry, "annotations", json_pack("{s:s}", REF_NAME, key)) < 0 ||
	    (at == json_array_size(list) ? json_array_append(list, entry)
					 : json_array_set(list, at, entry)) < 0) {
		json_decref(entry);
		return sp_fail_nomem(err);
	}
	json_decref(entry);
	return save(s, doc, err);
}

int img_tag(struct img_store *s, const char *reference, const char *digest, struct sp_err *err)
{
	auto_(img_image_free) struct img_image *image = NULL;
	char key[IMG_REFERENCE_MAX];
	int r = name_of_reference(reference, key, err);

	if (r == 0)
		r = check_whole(s, digest, &image, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&s->mutex);
	r = put_name(s, key, image, err);
	pthread_mutex_unlock(&s->mutex);
	return r;
}

static int drop_name(struct img_store *s, const char *key, struct sp_err *err)
{
	autojson json_t *doc = NULL;
	json_t *list;
	size_t at;
	int r = load(s, &doc, &list, err);

	if (r < 0)
		return r;
	at = find(list, key);
	if (at == json_array_size(list))
		return sp_fail(err, SP_E_NOT_FOUND, "image '%s' is not here", key);
	json_array_remove(list, at);
	return save(s, doc, err);
}

int img_untag(struct img_store *s, const char *reference, struct sp_err *err)
{
	char key[IMG_REFERENCE_MAX];
	int r = name_of_reference(reference, key, err);

	if (r < 0)
		return r;
	pthread_mutex_lock(&s->mutex);
	r = drop_name(s, key, err);
	pthread_mutex_unlock(&s->mutex);
	return r;
}

static int by_reference(const void *a, const void *b)
{
	return strcmp(((const struct img_entry *)a)->reference,
		      ((const struct img_entry *)b)->reference);
}

/* An image that can no longer be read is still listed, by name and digest alone, so it can be
 * removed. */
static void fill_entry(struct img_store *s, const json_t *j, struct img_entry *e)
{
	auto_(img_image_free) struct img_image *image = NULL;
	const char *name = name_of(j), *digest = json_string_value(json_object_get(j, "digest"));

	snprintf(e->reference, sizeof(e->reference), "%s", name ? name : "");
	snprintf(e->digest, sizeof(e->digest), "%s", digest ? digest : "");
	if (img_resolve(s, e->digest, &image, NULL) < 0)
		return;
	e->size_bytes = image->size_bytes;
	e->layers = (uint32_t)image->manifest.n_layers;
	e->unpacked = image->unpacked;
}

int img_list(struct img_store *s, struct img_entry **ret, size_t *ret_n, struct sp_err *err)
{
	autojson json_t *doc = NULL;
	struct img_entry *entries;
	json_t *list, *item;
	size_t i;
	int r = load(s, &doc, &list, err);

	if (r < 0)
		return r;
	entries = calloc(json_array_size(list) + 1, sizeof(*entries));
	if (!entries)
		return sp_fail_nomem(err);
	json_array_foreach (list, i, item) {
		fill_entry(s, item, &entries[i]);
	}
	qsort(entries, json_array_size(list), sizeof(*entries), by_reference);
	*ret = entries;
	*ret_n = json_array_size(list);
	return 0;
}
