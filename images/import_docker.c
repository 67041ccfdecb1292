/* docker save's archives; see import_docker.h. */
#include "images/import_docker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "images/blob.h"
#include "images/import_oci.h"
#include "images/limits.h"

int img_members_push(struct img_members *m, const char *parent, const char *base,
		     const struct img_descriptor *blob, struct sp_err *err)
{
	struct img_member *list;
	char *name;

	if (m->n == m->room) {
		size_t room = m->room ? 2 * m->room : 32;

		list = reallocarray(m->list, room, sizeof(*list));
		if (!list)
			return sp_fail_nomem(err);
		m->list = list;
		m->room = room;
	}
	name = strcmp(parent, ".") ? sp_str_format("%s/%s", parent, base) : strdup(base);
	if (!name)
		return sp_fail_nomem(err);
	m->list[m->n++] = (struct img_member){ .name = name, .blob = *blob };
	return 0;
}

void img_members_fini(struct img_members *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->list[i].name);
	free(m->list);
	*m = (struct img_members){ 0 };
}

static const struct img_descriptor *find(const struct img_members *m, const char *name)
{
	for (size_t i = m->n; i-- > 0;) /* a later entry of the same name replaced the earlier */
		if (!strcmp(m->list[i].name, name))
			return &m->list[i].blob;
	return NULL;
}

static int need(const struct img_members *m, const char *name, enum img_media media,
		struct img_descriptor *ret, struct sp_err *err)
{
	const struct img_descriptor *d = name ? find(m, name) : NULL;

	if (!d)
		return sp_fail(err, SP_E_CORRUPT, "'%.200s' is not in the archive",
			       name ? name : "");
	*ret = *d;
	ret->media = media;
	return 0;
}

static int build_manifest(json_t *image, const struct img_members *members, struct img_manifest *m,
			  const char **ret_name, struct sp_err *err)
{
	struct sp_json_reader r;
	json_t *layers, *item;
	size_t i;

	sp_json_open(&r, image, "manifest.json[0]", err);
	if (!r.error)
		r.error = need(members, sp_json_need_str(&r, "Config"), IMG_MEDIA_OCI_CONFIG,
			       &m->config, err);
	layers = sp_json_array(&r, "Layers");
	*ret_name = json_string_value(json_array_get(sp_json_array(&r, "RepoTags"), 0));
	if (!r.error && (!json_array_size(layers) || json_array_size(layers) > IMG_LAYERS_MAX))
		sp_json_refuse(&r, "Layers", "has %zu layers; 1 to %d are supported",
			       json_array_size(layers), IMG_LAYERS_MAX);
	json_array_foreach (layers, i, item) {
		if (r.error)
			break;
		r.error = need(members, json_string_value(item), IMG_MEDIA_OCI_LAYER,
			       &m->layers[m->n_layers++], err);
	}
	return r.error;
}

int img_import_docker(struct img_store *s, const char *text, size_t len,
		      const struct img_members *members, const char *reference,
		      struct img_imported *ret, struct sp_err *err)
{
	autofree struct img_manifest *m = calloc(1, sizeof(*m));
	autobuf struct sp_buf config = SP_BUF_INIT;
	autojson json_t *doc = NULL;
	const char *name = NULL;
	int r = m ? sp_json_parse(text, len, &doc, err) : sp_fail_nomem(err);

	if (r == 0 && json_array_size(doc) != 1)
		r = sp_fail(err, SP_E_INVALID, "manifest.json has %zu images, one is supported",
			    json_array_size(doc));
	if (r == 0)
		r = build_manifest(json_array_get(doc, 0), members, m, &name, err);
	if (r == 0 && !reference && !name)
		r = sp_fail(err, SP_E_INVALID, "the image has no name of its own, so give it one");
	if (r == 0)
		r = img_blob_read(s, &m->config, &config, err);
	return r < 0 ? r
		     : img_import_made(s, m, config.data ? config.data : "", config.len,
				       reference ? reference : name, ret, err);
}
