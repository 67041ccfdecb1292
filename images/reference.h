/*
 * Image references: name[:tag][@sha256:...], where the tag is "latest" when neither is given.
 *
 * The name follows the distribution grammar: components of [a-z0-9] joined by ".", "_", "__" or
 * dashes, separated by "/", the first of which may be a host with a port. No registry is ever
 * implied.
 */
#pragma once

#include "base/digest.h"
#include "base/err.h"

#define IMG_NAME_MAX      255
#define IMG_TAG_MAX       128
#define IMG_REFERENCE_MAX (IMG_NAME_MAX + 1 + IMG_TAG_MAX + 1 + SP_DIGEST_MAX)

struct img_reference {
	char name[IMG_NAME_MAX + 1];
	char tag[IMG_TAG_MAX + 1];  /* "" only when a digest is given alone */
	char digest[SP_DIGEST_MAX]; /* "" when none is given */
};

int img_reference_parse(const char *s, struct img_reference *ret, struct sp_err *err);
/* "name:tag", the key in a store; "" tag gives "name". */
void img_reference_key(const struct img_reference *r, char ret[IMG_REFERENCE_MAX]);
