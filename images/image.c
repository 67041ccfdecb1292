/* From a reference to what runs; see image.h. */
#include "images/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/str.h"
#include "images/blob.h"
#include "images/catalog.h"
#include "images/store_dirs.h"
#include "images/whiteout.h"

static int read_manifest(struct img_store *s, struct img_image *i, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r;

	i->self = (struct img_descriptor){ 0 }; /* of any size */
	memcpy(i->self.digest, i->digest, sizeof(i->digest));
	r = img_blob_read(s, &i->self, &text, err);
	if (r == 0)
		r = img_manifest_parse(text.data ? text.data : "", text.len, &i->manifest, err);
	if (r < 0)
		return sp_err_prefix(err, "manifest %s", i->digest), r;
	i->self.media = i->manifest.media;
	i->self.size = text.len;
	i->size_bytes = text.len + i->manifest.config.size;
	for (size_t l = 0; l < i->manifest.n_layers; l++)
		i->size_bytes += i->manifest.layers[l].size;
	return 0;
}

static int read_config(struct img_store *s, struct img_image *i, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r = img_blob_read(s, &i->manifest.config, &text, err);

	if (r == 0)
		r = img_config_parse(text.data ? text.data : "", text.len, &i->config, err);
	if (r == 0 && i->config.n_diff_ids != i->manifest.n_layers)
		r = sp_fail(err, SP_E_INVALID, "config has %zu layers, the manifest %zu",
			    i->config.n_diff_ids, i->manifest.n_layers);
	return r < 0 ? (sp_err_prefix(err, "image %s", i->digest), r) : 0;
}

/* Overlayfs refuses the same directory twice; the topmost one hides the others anyway. */
static bool is_above(const struct img_config *c, size_t layer)
{
	for (size_t i = layer + 1; i < c->n_diff_ids; i++)
		if (!strcmp(c->diff_ids[i], c->diff_ids[layer]))
			return true;
	return false;
}

/* Returns 1 when the layer's root is opaque, so that nothing below it is seen. */
static int push_layer_dir(struct img_store *s, struct img_image *i, const char *diff_id,
			  struct sp_err *err)
{
	const char *hex = sp_digest_hex(diff_id);
	autofree char *dir = sp_str_format("%s/layers/%s", s->path, hex);
	struct stat st;

	if (!dir || sp_strv_push(&i->layer_dirs, dir) < 0)
		return sp_fail_nomem(err);
	if (fstatat(s->layers, hex, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return img_opaque_is(dir);
	i->unpacked = false;
	return errno == ENOENT ? 0 : sp_fail_errno(err, errno, "layer '%s'", dir);
}

static int find_layers(struct img_store *s, struct img_image *i, struct sp_err *err)
{
	int r = 0;

	i->unpacked = true;
	for (size_t l = i->config.n_diff_ids; r == 0 && l-- > 0;)
		if (!is_above(&i->config, l))
			r = push_layer_dir(s, i, i->config.diff_ids[l], err);
	return r < 0 ? r : 0;
}

int img_resolve(struct img_store *s, const char *reference, struct img_image **ret,
		struct sp_err *err)
{
	auto_(img_image_free) struct img_image *i = calloc(1, sizeof(*i));
	int r;

	if (!i)
		return sp_fail_nomem(err);
	r = img_digest_of(s, reference, i->digest, err);
	if (r == 0)
		r = read_manifest(s, i, err);
	if (r == 0)
		r = read_config(s, i, err);
	if (r == 0)
		r = find_layers(s, i, err);
	if (r < 0)
		return r;
	*ret = take_ptr(i);
	return 0;
}

void img_image_free(struct img_image *i)
{
	if (!i)
		return;
	img_config_fini(&i->config);
	sp_strv_free(i->layer_dirs);
	free(i);
}

static bool holds(char **list, const char *s)
{
	for (; list && *list; list++)
		if (!strcmp(*list, s))
			return true;
	return false;
}

static int push_blob(struct img_store *s, const char *digest, bool missing_only, char ***list,
		     struct sp_err *err)
{
	int r = missing_only ? img_blob_has(s, digest, NULL, err) : 0;

	if (r != 0 || holds(*list, digest))
		return r < 0 ? r : 0;
	return sp_strv_push(list, digest) < 0 ? sp_fail_nomem(err) : 0;
}

static int push_blobs(struct img_store *s, struct img_image *i, bool missing_only, char ***list,
		      struct sp_err *err)
{
	int r = img_blob_has(s, i->digest, NULL, err);

	if (r < 0)
		return r;
	if (r == 0)
		return push_blob(s, i->digest, missing_only, list, err);
	r = read_manifest(s, i, err);
	for (size_t l = 0; r == 0 && l < i->manifest.n_layers; l++)
		r = push_blob(s, i->manifest.layers[l].digest, missing_only, list, err);
	if (r == 0)
		r = push_blob(s, i->manifest.config.digest, missing_only, list, err);
	return r < 0 ? r : push_blob(s, i->digest, missing_only, list, err);
}

int img_blobs(struct img_store *s, const char *digest, bool missing_only, char ***ret,
	      struct sp_err *err)
{
	auto_(img_image_free) struct img_image *i = calloc(1, sizeof(*i));
	char **list = calloc(1, sizeof(*list));
	int r;

	if (!i || !list) {
		free(list);
		return sp_fail_nomem(err);
	}
	snprintf(i->digest, sizeof(i->digest), "%s", digest);
	r = push_blobs(s, i, missing_only, &list, err);
	if (r < 0) {
		sp_strv_free(list);
		return r;
	}
	*ret = list;
	return 0;
}
