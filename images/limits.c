/* Defaults of the caps; see limits.h. */
#include "images/limits.h"

#include <stddef.h>

struct img_limits img_limits_or_default(const struct img_limits *l)
{
	struct img_limits r = l ? *l : (struct img_limits){ 0 };

	if (!r.bytes_max)
		r.bytes_max = IMG_LAYER_BYTES_MAX;
	if (!r.entries_max)
		r.entries_max = IMG_LAYER_ENTRIES_MAX;
	if (!r.path_max)
		r.path_max = IMG_LAYER_PATH_MAX;
	return r;
}
