/* Which fields of a workload differ between two specs. */
#pragma once

#include "control/stack/spec_fields.h"

/*
 * *ret: a list of {"path", "before", "after"} by path: without "before" what is added, without
 * "after" what is gone. A value that must not be shown is "(sensitive)", and the change has
 * {"sensitive": true}. Either spec may be NULL.
 */
int spec_diff(const struct spec_of *before, const struct spec_of *after, const struct sensitive *s,
	      json_t **ret, struct sp_err *err);
