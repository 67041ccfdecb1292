/* The choice of one manifest from an index; see index.h. */
#include "images/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "images/limits.h"

#define REF_NAME  "org.opencontainers.image.ref.name"
#define FULL_NAME "io.containerd.image.name" /* docker and containerd: the whole reference */

static const char *annotation(const json_t *entry, const char *key)
{
	return json_string_value(json_object_get(json_object_get(entry, "annotations"), key));
}

static const char *entry_name(const json_t *entry)
{
	const char *full = annotation(entry, FULL_NAME);

	return full ? full : annotation(entry, REF_NAME);
}

static bool fits_platform(const json_t *entry)
{
	const json_t *platform = json_object_get(entry, "platform");

	return !platform ||
	       (sp_str_eq(json_string_value(json_object_get(platform, "os")), IMG_OS) &&
		sp_str_eq(json_string_value(json_object_get(platform, "architecture")),
			  IMG_ARCHITECTURE));
}

/* Only images count: an index may hold attestations and other artifacts beside them. */
static bool is_image(const json_t *entry)
{
	const char *type = json_string_value(json_object_get(entry, "mediaType"));
	enum img_kind kind = img_media_kind(type ? img_media_parse(type) : IMG_MEDIA_UNKNOWN);

	return (kind == IMG_KIND_MANIFEST || kind == IMG_KIND_INDEX) && fits_platform(entry);
}

static bool is_named(const json_t *entry, const char *want)
{
	const char *tag = strrchr(want, ':');

	return sp_str_eq(annotation(entry, FULL_NAME), want) ||
	       sp_str_eq(annotation(entry, REF_NAME), want) ||
	       (tag && sp_str_eq(annotation(entry, REF_NAME), tag + 1));
}

static int refuse_choice(const json_t *list, size_t n, const char *want, struct sp_err *err)
{
	autobuf struct sp_buf names = SP_BUF_INIT;
	json_t *entry;
	size_t i;

	if (!n)
		return sp_fail(err, SP_E_NOT_FOUND, "index has no image for %s/%s", IMG_OS,
			       IMG_ARCHITECTURE);
	json_array_foreach (list, i, entry)
		if (is_image(entry) && entry_name(entry) && names.len < 200)
			sp_buf_printf(&names, "%s'%.60s'", names.len ? ", " : "",
				      entry_name(entry));
	return sp_fail(err, SP_E_INVALID, "index has %zu images and none is named '%s': %s", n,
		       want ? want : "", names.len ? names.data : "they have no names");
}

static int choose(json_t *list, const char *want, json_t **ret, struct sp_err *err)
{
	json_t *entry, *any = NULL, *named = NULL;
	size_t i, n = 0, n_named = 0;

	json_array_foreach (list, i, entry) {
		if (!is_image(entry))
			continue;
		any = entry;
		n++;
		if (want && is_named(entry, want)) {
			named = entry;
			n_named++;
		}
	}
	if (n == 1)
		*ret = any;
	else if (n_named == 1)
		*ret = named;
	else
		return refuse_choice(list, n, want, err);
	return 0;
}

int img_index_choose(const char *text, size_t len, const char *want, struct img_descriptor *ret,
		     char **ret_name, struct sp_err *err)
{
	autojson json_t *doc = NULL;
	autofree char *name = NULL;
	struct sp_json_reader r;
	json_t *list, *entry = NULL;
	int e = sp_json_parse(text, len, &doc, err);

	if (e < 0)
		return sp_err_prefix(err, "index"), e;
	sp_json_open(&r, doc, "index", err);
	sp_json_need_int(&r, "schemaVersion", 2, 2);
	list = sp_json_array(&r, "manifests");
	if (!r.error && json_array_size(list) > IMG_INDEX_MAX)
		sp_json_refuse(&r, "manifests", "has %zu entries, at most %d",
			       json_array_size(list), IMG_INDEX_MAX);
	if (r.error)
		return r.error;
	e = choose(list, want, &entry, err);
	if (e == 0)
		e = img_descriptor_decode(entry, "index.manifests[]",
					  img_media_kind(img_media_parse(json_string_value(
						  json_object_get(entry, "mediaType")))),
					  ret, err);
	if (e < 0)
		return e;
	if (entry_name(entry) && !(name = strdup(entry_name(entry))))
		return sp_fail_nomem(err);
	*ret_name = take_ptr(name);
	return 0;
}
