/* `volumes` and `tmpfs` of a service. */
#pragma once

#include "stackfile/reader.h"

void read_mounts(const struct value *v, void *service);
void read_tmpfs(const struct value *v, void *service);

/* Normalise an absolute path by its text alone: "." and ".." taken away; lives in the arena. */
char *lexical_path(struct reader *r, const char *path);
