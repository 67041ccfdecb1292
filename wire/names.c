/* The tables behind names.h. */
#include "wire/names.h"

#include <string.h>

#define X(sym, name) [WIRE_MOUNT_##sym] = name,
const char *const wire_mount_types[] = { WIRE_MOUNT_TYPES(X) NULL };
#undef X

#define X(sym, name) [WIRE_PROBE_##sym] = name,
const char *const wire_probe_types[] = { WIRE_PROBE_TYPES(X) NULL };
#undef X

#define X(sym, name) [WIRE_RESTART_##sym] = name,
const char *const wire_restarts[] = { WIRE_RESTARTS(X) NULL };
#undef X

int wire_name_find(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}
