/* The names in a store: reference -> manifest, kept in index.json, replaced atomically. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "images/reference.h"
#include "images/store.h"

struct img_entry {
	char reference[IMG_REFERENCE_MAX]; /* "name:tag" */
	char digest[SP_DIGEST_MAX];        /* of the manifest */
	uint64_t size_bytes;               /* manifest, config and layers as stored */
	uint32_t layers;
	bool unpacked; /* every layer is unpacked in this store */
};

/* Sorted by reference. *ret is one block, to be free()d. */
int img_list(struct img_store *s, struct img_entry **ret, size_t *ret_n, struct sp_err *err);

/*
 * Name an image whose blobs must all be here (else NOT_FOUND names the first missing one); an
 * existing name is moved.
 */
int img_tag(struct img_store *s, const char *reference, const char *digest, struct sp_err *err);

/* Take the name away; blobs and layers stay until img_gc(). NOT_FOUND when there is no such name.
 */
int img_untag(struct img_store *s, const char *reference, struct sp_err *err);

/*
 * The manifest digest a reference stands for. With "@digest" that manifest must be in the store,
 * and a name before it, if known, must not stand for another one.
 */
int img_digest_of(struct img_store *s, const char *reference, char ret[SP_DIGEST_MAX],
		  struct sp_err *err);
