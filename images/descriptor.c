/* Media types and descriptors; see descriptor.h. */
#include "images/descriptor.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

static const char *const names[] = { [IMG_MEDIA_UNKNOWN] = "unknown",
#define X(sym, type) [IMG_MEDIA_##sym] = type,
				     IMG_MEDIA_TYPES(X)
#undef X
};

const char *img_media_name(enum img_media media)
{
	return names[media];
}

enum img_media img_media_parse(const char *type)
{
#define X(sym, name)             \
	if (!strcmp(type, name)) \
		return IMG_MEDIA_##sym;
	IMG_MEDIA_TYPES(X)
#undef X
	return IMG_MEDIA_UNKNOWN;
}

enum img_kind img_media_kind(enum img_media media)
{
	switch (media) {
	case IMG_MEDIA_OCI_INDEX:
	case IMG_MEDIA_DOCKER_INDEX:
		return IMG_KIND_INDEX;
	case IMG_MEDIA_OCI_MANIFEST:
	case IMG_MEDIA_DOCKER_MANIFEST:
		return IMG_KIND_MANIFEST;
	case IMG_MEDIA_OCI_CONFIG:
	case IMG_MEDIA_DOCKER_CONFIG:
		return IMG_KIND_CONFIG;
	case IMG_MEDIA_OCI_LAYER:
	case IMG_MEDIA_OCI_LAYER_GZIP:
	case IMG_MEDIA_OCI_LAYER_ZSTD:
	case IMG_MEDIA_DOCKER_LAYER:
	case IMG_MEDIA_DOCKER_LAYER_GZIP:
		return IMG_KIND_LAYER;
	case IMG_MEDIA_UNKNOWN:
		break;
	}
	return IMG_KIND_OTHER;
}

int img_descriptor_decode(json_t *j, const char *path, enum img_kind want,
			  struct img_descriptor *ret, struct sp_err *err)
{
	struct sp_json_reader r;
	const char *type, *digest;
	int64_t size;

	sp_json_open(&r, j, path, err);
	type = sp_json_need_str(&r, "mediaType");
	digest = sp_json_need_str(&r, "digest");
	size = sp_json_need_int(&r, "size", 0, INT64_MAX);
	if (!r.error && !sp_digest_valid(digest))
		sp_json_refuse(&r, "digest", "'%s' is not a sha256 digest", digest);
	if (!r.error && img_media_kind(img_media_parse(type)) != want)
		sp_json_refuse(&r, "mediaType", "'%s' is not supported here", type);
	if (!r.error && sp_json_array(&r, "urls"))
		sp_json_refuse(&r, "urls", "layers kept elsewhere are not fetched");
	if (r.error)
		return r.error;
	*ret = (struct img_descriptor){ .media = img_media_parse(type), .size = (uint64_t)size };
	snprintf(ret->digest, sizeof(ret->digest), "%s", digest);
	return 0;
}

json_t *img_descriptor_encode(const struct img_descriptor *d)
{
	return json_pack("{s:s, s:s, s:I}", "mediaType", img_media_name(d->media), "digest",
			 d->digest, "size", (json_int_t)d->size);
}
