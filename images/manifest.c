/* Manifests, read and written; see manifest.h. */
#include "images/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static void decode_layers(struct sp_json_reader *r, struct img_manifest *m)
{
	json_t *list = sp_json_array(r, "layers"), *item;
	char path[SP_JSON_PATH_MAX];
	size_t i;

	if (!r->error && json_array_size(list) > IMG_LAYERS_MAX) {
		sp_json_refuse(r, "layers", "has %zu layers, at most %d", json_array_size(list),
			       IMG_LAYERS_MAX);
		return;
	}
	json_array_foreach (list, i, item) {
		if (r->error)
			return;
		snprintf(path, sizeof(path), "manifest.layers[%zu]", i);
		r->error = img_descriptor_decode(item, path, IMG_KIND_LAYER, &m->layers[i], r->err);
		m->n_layers = i + 1;
	}
}

int img_manifest_parse(const char *text, size_t len, struct img_manifest *ret, struct sp_err *err)
{
	autojson json_t *doc = NULL;
	struct sp_json_reader r;
	const char *type;
	json_t *config;
	int e = sp_json_parse(text, len, &doc, err);

	if (e < 0)
		return sp_err_prefix(err, "manifest"), e;
	*ret = (struct img_manifest){ 0 };
	sp_json_open(&r, doc, "manifest", err);
	sp_json_need_int(&r, "schemaVersion", 2, 2);
	type = sp_json_str(&r, "mediaType", NULL);
	if (!r.error && type && img_media_kind(img_media_parse(type)) != IMG_KIND_MANIFEST)
		sp_json_refuse(&r, "mediaType", "'%s' is not an image manifest", type);
	ret->media = type ? img_media_parse(type) : IMG_MEDIA_OCI_MANIFEST;
	config = sp_json_object(&r, "config");
	if (!r.error && !config)
		sp_json_refuse(&r, "config", "is missing");
	if (!r.error)
		r.error = img_descriptor_decode(config, "manifest.config", IMG_KIND_CONFIG,
						&ret->config, err);
	decode_layers(&r, ret);
	if (!r.error && !ret->n_layers)
		sp_json_refuse(&r, "layers", "has no layers");
	return r.error;
}

int img_manifest_format(const struct img_manifest *m, struct sp_buf *out, struct sp_err *err)
{
	autojson json_t *doc = NULL;
	autofree char *text = NULL;
	json_t *layers = json_array();

	for (size_t i = 0; i < m->n_layers; i++)
		json_array_append_new(layers, img_descriptor_encode(&m->layers[i]));
	doc = json_pack("{s:i, s:s, s:o, s:o}", "schemaVersion", 2, "mediaType",
			img_media_name(IMG_MEDIA_OCI_MANIFEST), "config",
			img_descriptor_encode(&m->config), "layers", layers);
	text = doc && json_array_size(layers) == m->n_layers ? sp_json_canonical(doc) : NULL;
	if (!text)
		return sp_fail_nomem(err);
	sp_buf_puts(out, text);
	return sp_buf_check(out, err);
}
