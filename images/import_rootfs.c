/* A root filesystem becomes an image: its tar is the layer, as it is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "images/blob.h"
#include "images/config.h"
#include "images/entry_path.h"
#include "images/image.h"
#include "images/import_oci.h"
#include "images/layer_stream.h"
#include "images/put.h"

#define COPY_STEP 65536

struct made {
	struct img_manifest manifest;
	char diff_ids[IMG_LAYERS_MAX][SP_DIGEST_MAX];
};

static enum img_media media_of(const unsigned char *magic, ssize_t len)
{
	if (len >= 2 && !memcmp(magic, "\x1f\x8b", 2))
		return IMG_MEDIA_OCI_LAYER_GZIP;
	if (len >= 4 && !memcmp(magic, "\x28\xb5\x2f\xfd", 4))
		return IMG_MEDIA_OCI_LAYER_ZSTD;
	return IMG_MEDIA_OCI_LAYER;
}

static int put_stream(struct img_store *s, int fd, struct img_descriptor *ret, struct sp_err *err)
{
	auto_(img_put_abort) struct img_put *p = NULL;
	autofree char *step = malloc(COPY_STEP);
	ssize_t n;
	int r = step ? img_put_begin(s, NULL, IMG_SIZE_UNKNOWN, &p, err) : sp_fail_nomem(err);

	while (r == 0 && (n = read(fd, step, COPY_STEP)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		r = n < 0 ? sp_fail_errno(err, errno, "read the root file system")
			  : img_put_write(p, step, (size_t)n, err);
	}
	return r < 0 ? r : img_put_commit(take_ptr(p), ret->digest, &ret->size, err);
}

/* Its diff_id; and names that could never be unpacked are refused now, not on every node. */
static int check_layer(int fd, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	auto_(img_layer_stream_free) struct img_layer_stream *l = NULL;
	struct img_entry_path path;
	struct archive_entry *e;
	size_t n = 0;
	int r = img_layer_stream_new(fd, IMG_LAYER_BYTES_MAX, &l, err);

	while (r == 0 && (r = img_layer_stream_next(l, &e, err)) > 0) {
		const char *name = archive_entry_pathname(e);

		n++;
		r = img_entry_path_parse(name ? name : "", IMG_LAYER_PATH_MAX, &path, err);
		if (r < 0)
			sp_err_prefix(err, "entry '%.200s'", name ? name : "");
	}
	if (r == 0 && !n)
		r = sp_fail(err, SP_E_CORRUPT, "the root file system is not a tar with entries");
	return r < 0 ? r : img_layer_stream_digest(l, ret, err);
}

static int add_layer(struct img_store *s, int fd, struct made *made, struct sp_err *err)
{
	struct img_descriptor *layer = &made->manifest.layers[made->manifest.n_layers];
	autoclose int blob = -1;
	unsigned char magic[4];
	int r;

	if (made->manifest.n_layers == IMG_LAYERS_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "the base has %d layers already",
			       IMG_LAYERS_MAX);
	r = put_stream(s, fd, layer, err);
	if (r < 0)
		return r;
	blob = img_blob_open(s, layer, err);
	if (blob < 0)
		return blob;
	layer->media = media_of(magic, pread(blob, magic, sizeof(magic), 0));
	r = check_layer(blob, made->diff_ids[made->manifest.n_layers], err);
	made->manifest.n_layers++;
	return r;
}

static int start_from(struct img_store *s, const char *base, struct made *made, struct sp_err *err)
{
	auto_(img_image_free) struct img_image *image = NULL;
	int r = img_resolve(s, base, &image, err);

	if (r < 0)
		return r;
	made->manifest = image->manifest;
	memcpy(made->diff_ids, image->config.diff_ids,
	       image->config.n_diff_ids * sizeof(made->diff_ids[0]));
	return 0;
}

int img_import_rootfs(struct img_store *s, int fd, const char *reference, const char *base,
		      json_t *options, struct img_imported *ret, struct sp_err *err)
{
	autofree struct made *made = calloc(1, sizeof(*made));
	autobuf struct sp_buf config = SP_BUF_INIT;
	struct img_reference ref;
	int r = made ? img_reference_parse(reference, &ref, err) : sp_fail_nomem(err);

	if (r == 0 && options) /* what is wrong in the options is told before the long work */
		r = img_config_format(options, NULL, 0, &config, err);
	sp_buf_clear(&config);
	if (r == 0 && base)
		r = start_from(s, base, made, err);
	if (r == 0)
		r = add_layer(s, fd, made, err);
	if (r == 0)
		r = img_config_format(options, made->diff_ids, made->manifest.n_layers, &config,
				      err);
	return r < 0 ? r
		     : img_import_made(s, &made->manifest, config.data, config.len, reference, ret,
				       err);
}
