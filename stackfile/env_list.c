/* Environment lists; see env_list.h. */
#include "stackfile/env_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* The entry of that name, or NULL. */
static char **entry_of(char *const *list, const char *name)
{
	size_t n = strlen(name);

	for (char **e = (char **)list; e && *e; e++)
		if (!strncmp(*e, name, n) && (*e)[n] == '=')
			return e;
	return NULL;
}

void env_list_set(struct stack_arena *arena, char ***list, const char *name, const char *value)
{
	char *entry = stack_arena_format(arena, "%s=%s", name, value);
	char **old = entry_of(*list, name);

	if (old && entry)
		*old = entry;
	else
		stack_arena_strv_push(arena, list, entry);
}

void env_list_unset(char **list, const char *name)
{
	for (char **e = entry_of(list, name); e && *e; e++)
		e[0] = e[1];
}

const char *env_list_get(char *const *list, const char *name)
{
	char **e = entry_of(list, name);

	return e ? *e + strlen(name) + 1 : NULL;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void env_list_sort(char **list)
{
	if (list)
		qsort(list, sp_strv_count(list), sizeof(*list), compare);
}

int env_name_valid(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == '=' || name[i] == 0x7f)
			return 0;
	return len > 0;
}
