/*
 * Archives, in one pass over the stream: what is named by its digest is verified against that name,
 * documents at the top are kept in memory, and any other file (docker's own layout) becomes a blob
 * whose digest is remembered under the file's name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "images/blob.h"
#include "images/entry_path.h"
#include "images/import_docker.h"
#include "images/import_oci.h"
#include "images/layer_stream.h"
#include "images/put.h"

struct archive_import {
	struct img_store *store;
	struct img_layer_stream *stream;
	struct sp_buf index;    /* index.json */
	struct sp_buf manifest; /* manifest.json, of docker save */
	struct img_members members;
};

static int keep_document(struct archive_import *a, struct sp_buf *doc, struct sp_err *err)
{
	const void *data;
	int64_t off;
	size_t len;
	int r;

	sp_buf_clear(doc);
	doc->limit = IMG_DOCUMENT_MAX;
	while ((r = img_layer_stream_data(a->stream, &data, &len, &off, err)) > 0)
		sp_buf_append(doc, data, len);
	return r < 0 ? r : sp_buf_check(doc, err);
}

/* digest NULL: of any digest. */
static int keep_blob(struct archive_import *a, const char *digest, int64_t size,
		     struct img_descriptor *ret, struct sp_err *err)
{
	auto_(img_put_abort) struct img_put *p = NULL;
	const void *data;
	int64_t off;
	size_t len;
	int r = img_put_begin(a->store, digest, (uint64_t)size, &p, err);

	if (r < 0)
		return r;
	while ((r = img_layer_stream_data(a->stream, &data, &len, &off, err)) > 0) {
		r = img_put_write(p, data, len, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : img_put_commit(take_ptr(p), ret->digest, &ret->size, err);
}

static int keep_member(struct archive_import *a, const struct img_entry_path *path, int64_t size,
		       struct sp_err *err)
{
	struct img_descriptor d = { 0 };
	int r = keep_blob(a, NULL, size, &d, err);

	return r < 0 ? r : img_members_push(&a->members, path->parent, path->base, &d, err);
}

static int keep_file(struct archive_import *a, const struct img_entry_path *path, int64_t size,
		     struct sp_err *err)
{
	bool top = !strcmp(path->parent, ".");
	char digest[sizeof(path->base) + sizeof(SP_DIGEST_PREFIX)];
	struct img_descriptor d;

	if (top && !strcmp(path->base, "index.json"))
		return keep_document(a, &a->index, err);
	if (top && !strcmp(path->base, "manifest.json"))
		return keep_document(a, &a->manifest, err);
	if (top && (!strcmp(path->base, "oci-layout") || !strcmp(path->base, "repositories")))
		return 0;
	if (strcmp(path->parent, "blobs/sha256") != 0)
		return keep_member(a, path, size, err);
	snprintf(digest, sizeof(digest), SP_DIGEST_PREFIX "%s", path->base);
	return keep_blob(a, digest, size, &d, err);
}

static int keep_entry(struct archive_import *a, struct archive_entry *e, struct sp_err *err)
{
	struct img_entry_path path;
	const char *name = archive_entry_pathname(e);
	int r;

	if (!name)
		return sp_fail(err, SP_E_CORRUPT, "a name cannot be read");
	r = img_entry_path_parse(name, IMG_LAYER_PATH_MAX, &path, err);
	if (r == 0 && archive_entry_filetype(e) == AE_IFREG && !archive_entry_hardlink(e))
		r = keep_file(a, &path, archive_entry_size(e), err);
	return r < 0 ? (sp_err_prefix(err, "entry '%.200s'", name), r) : 0;
}

static int read_all(struct archive_import *a, struct sp_err *err)
{
	struct archive_entry *e;
	size_t n = 0;
	int r;

	while ((r = img_layer_stream_next(a->stream, &e, err)) > 0) {
		if (n++ == IMG_ARCHIVE_MAX)
			return sp_fail(err, SP_E_TOO_LARGE, "archive has more than %d entries",
				       IMG_ARCHIVE_MAX);
		r = keep_entry(a, e, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* Everything of an archive is in the store once it is read: what is not, was not in it. */
static int fetched(void *owner, const struct img_descriptor *d, struct sp_err *err)
{
	int r = img_blob_has(owner, d->digest, NULL, err);

	return r == 0 ? sp_fail(err, SP_E_CORRUPT, "blob %s is not in the archive", d->digest)
		      : (r < 0 ? r : 0);
}

static int import(struct archive_import *a, const char *reference, struct img_imported *ret,
		  struct sp_err *err)
{
	int r = read_all(a, err);

	if (r < 0)
		return r;
	if (a->index.len)
		return img_import_index(a->store, a->index.data, a->index.len, reference, fetched,
					a->store, ret, err);
	if (a->manifest.len)
		return img_import_docker(a->store, a->manifest.data, a->manifest.len, &a->members,
					 reference, ret, err);
	return sp_fail(err, SP_E_INVALID,
		       "neither an OCI archive (no index.json) nor one of docker save (no "
		       "manifest.json)");
}

int img_import_archive(struct img_store *s, int fd, const char *reference, struct img_imported *ret,
		       struct sp_err *err)
{
	struct archive_import a = { .store = s };
	struct img_reference ref;
	int r = reference ? img_reference_parse(reference, &ref, err) : 0;

	if (r == 0)
		r = img_layer_stream_new(fd, IMG_BLOB_BYTES_MAX, &a.stream, err);
	if (r == 0)
		r = import(&a, reference, ret, err);
	img_layer_stream_free(a.stream);
	img_members_fini(&a.members);
	sp_buf_fini(&a.index);
	sp_buf_fini(&a.manifest);
	return r;
}
