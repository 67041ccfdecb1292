/* A directory as a tar file, for uploads. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/*
 * Write the OCI image layout in dir as a tar into an unnamed temporary file; *ret_fd stands at its
 * start. A directory without an `oci-layout` file is SP_E_INVALID. Links are taken as links, never
 * followed.
 */
int ctl_archive_layout(const char *dir, int *ret_fd, uint64_t *ret_bytes, struct sp_err *err);
