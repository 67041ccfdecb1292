/* Names in a layer: relative, without "..", within the caps, told apart into parent and last part.
 */
#pragma once

#include <limits.h>
#include <stdint.h>

#include "base/err.h"

struct img_entry_path {
	char parent[PATH_MAX];   /* "." for the root */
	char base[NAME_MAX + 1]; /* "" for the root itself */
};

/* An absolute name, or one with "..", is SP_E_ESCAPE; "./a//b/" is "a/b". */
int img_entry_path_parse(const char *name, uint32_t path_max, struct img_entry_path *ret,
			 struct sp_err *err);
