/* Which workloads, and which of their fields, differ between two states of a stack. */
#pragma once

#include "control/stack/sensitive.h"

/* One side: an array of specs (JSON, as agents get them), in any order; sensitive knows the files
 * of both. */
struct workload_sides {
	const json_t *before, *after;
	const struct sensitive *sensitive;
};

/* *ret: {"id", "sign": "+"|"~"|"-", "changes"} of each that differs: in the order of after, then
 * what is gone. */
int workload_diff(const struct workload_sides *sides, json_t **ret, struct sp_err *err);
