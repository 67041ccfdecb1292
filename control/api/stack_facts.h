/* What the rows know of a stack besides itself: its past, its parts, its ties, its lock. */
#pragma once

#include <jansson.h>

#include "control/deps/deps.h"

/*
 * Add to the object of a stack, as docs/api.md has them: executions, last_operation, workloads,
 * resources, dependencies, lock, snapshots, drift. statuses: as statuses_read() gives them, of this
 * stack or of all. d: the present dependencies.
 */
int stack_facts_add(struct store *s, const struct deps *d, const char *stack,
		    const json_t *statuses, json_t *view, struct sp_err *err);
