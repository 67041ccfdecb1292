/*
 * Places in the container's root file system, which is hostile.
 *
 * Every path is resolved once, by openat2(2) inside the pre-opened root; what is made is made one
 * component at a time, never through a link. The results are O_PATH descriptors, used as they are.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Resolve path as if root were "/". */
int target_open(int root, const char *path, int flags, struct sp_err *err);

/* The same, made if it is not there: a directory, or an empty file. */
int target_make(int root, const char *path, bool is_dir, struct sp_err *err);

/* A directory right below the root that must not be a link ("proc"); made if it is not there. */
int target_make_plain(int root, const char *name, struct sp_err *err);
