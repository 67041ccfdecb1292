/*
 * The image store: one directory that is itself a valid OCI image layout, so that other tools can
 * read it.
 *
 *   oci-layout, index.json    the references (see catalog.h)
 *   blobs/sha256/<hex>        content, never changed once there
 *   layers/<hex>/             unpacked layers by diff_id, in overlayfs form
 *   tmp/                      what is being written; emptied when the store is opened
 *
 * Files appear under their final names by rename, complete and verified. One process has a store
 * open at a time (a lock file says so); threads of that process may share it.
 */
#pragma once

#include "base/err.h"
#include "base/mem.h"

struct img_store;

/* Open the store at path, making what is missing. SP_E_CONFLICT: another process has it open. */
int img_store_open(const char *path, struct img_store **ret, struct sp_err *err);
void img_store_free(struct img_store *s); /* takes NULL */
SP_AUTO(struct img_store *, img_store_free)

const char *img_store_path(const struct img_store *s);

/* An unnamed read-write file on the store's file system, to spool an upload into before import. */
int img_store_tmpfile(struct img_store *s, struct sp_err *err);
