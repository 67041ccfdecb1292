/* See target.h. */
#include "wire/target.h"

#include <stddef.h>
#include <string.h>

/* Is path the directory of these components, or below it? Doubled slashes count as one. */
static bool is_within(const char *path, const char *const *components)
{
	for (; *components; components++) {
		size_t n = strlen(*components);

		path += strspn(path, "/");
		if (strncmp(path, *components, n) != 0 || (path[n] && path[n] != '/'))
			return false;
		path += n;
	}
	return true;
}

bool wire_target_free(const char *path)
{
	static const char *const proc[] = { "proc", NULL }, *const sys[] = { "sys", NULL },
				 *const dev[] = { "dev", NULL },
				 *const shm[] = { "dev", "shm", NULL };

	return is_within(path, shm) ||
	       (!is_within(path, proc) && !is_within(path, sys) && !is_within(path, dev));
}
