/*
 * Paths below a pre-opened root. A path that came from a container, an image or a request is only
 * ever used through these: each is resolved once, by openat2(2) (Linux 5.6), never as a string
 * twice.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"

/* Resolve path inside rootfd as if rootfd were "/": symlinks and ".." stay inside (RESOLVE_IN_ROOT
 * | NO_MAGICLINKS). */
int sp_open_in_root(int rootfd, const char *path, int flags, mode_t mode, struct sp_err *err);

/* Resolve path below dirfd; leaving it, even for a moment, is SP_E_ESCAPE (RESOLVE_BENEATH |
 * NO_MAGICLINKS). */
int sp_open_beneath(int dirfd, const char *path, int flags, mode_t mode, struct sp_err *err);

/* Create the directories of path below rootfd, one component at a time with O_NOFOLLOW; returns an
 * O_PATH fd of the last. */
int sp_mkdirs_beneath(int rootfd, const char *path, mode_t mode, struct sp_err *err);

/* mkdir -p of a trusted path of our own (a state directory); an existing directory is fine. */
int sp_mkdirs(const char *path, mode_t mode, struct sp_err *err);

/* Remove name below dirfd with all it holds, never following a link nor crossing into another
 * mount; absent is fine. */
int sp_remove_tree_at(int dirfd, const char *name, struct sp_err *err);

/* The path of a program in the directory of our own executable: what is installed together belongs
 * together. */
int sp_path_beside(const char *name, char *ret, size_t room, struct sp_err *err);
