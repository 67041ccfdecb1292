/* A list of "NAME=value" strings in an arena, one for each name. */
#pragma once

#include <stddef.h>

#include "stackfile/arena.h"

void env_list_set(struct stack_arena *arena, char ***list, const char *name, const char *value);
void env_list_unset(char **list, const char *name);
const char *env_list_get(char *const *list, const char *name); /* NULL when it is not there */
void env_list_sort(char **list);                               /* by name */
/* Not empty, no '=' and no white space or control character. */
int env_name_valid(const char *name, size_t len);
