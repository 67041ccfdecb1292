/* Paths on the node: the sources of bind mounts. */
#pragma once

#include "stackfile/reader.h"

/*
 * The absolute path that source stands for, by its text alone: a relative one starts at the stack
 * file's directory, `~` at the person's home; "." and ".." are taken away. In the arena, "" for the
 * root directory; NULL after refusing v.
 */
char *host_path_read(const struct value *v, const char *source);
