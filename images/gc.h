/*
 * Garbage: blobs and unpacked layers that no name and no image in use refers to.
 *
 * What is younger than min_age_ns is left alone, so that an upload in progress (blobs first, name
 * last) is safe; putting a blob again makes it young. Do not run it beside an unpack of the same
 * store: it may remove a layer that was just found to be there (SP_E_CONFLICT is returned if one
 * runs).
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "images/job.h"
#include "images/store.h"

#define IMG_GC_MIN_AGE_NS (INT64_C(3600) * 1000000000)

/* in_use: manifest digests of images that run, ended by NULL; may be NULL. */
int img_gc_start(struct img_store *s, const char *const *in_use, int64_t min_age_ns,
		 struct img_job **ret, struct sp_err *err);
int img_gc(struct img_store *s, const char *const *in_use, int64_t min_age_ns,
	   struct img_progress *ret, struct sp_err *err);
