/* `volumes` and `tmpfs` of a service. */
#pragma once

#include "stackfile/reader.h"

void read_mounts(const struct value *v, void *service);
void read_tmpfs(const struct value *v, void *service);

/* Shared by the two. */
void mount_add(const struct value *v, const struct stack_mount *m, struct stack_service *s);
char *mount_cut(char *s, char c); /* split in place at the first c; NULL when there is none */
