/* What changed between two revisions of a stack. */
#pragma once

#include <jansson.h>

#include "control/store/stack.h"

/*
 * to 0: the current one; from 0: the one before it. *ret: {"stack", "from", "to", "workloads"}
 * (workload_diff.h), where tasks, outputs and the policy stand too. Images are compared by name: to
 * what a name was pinned is not kept of past revisions. NOT_FOUND for a revision there is not.
 */
int revision_diff(struct store *s, const char *stack, int64_t from, int64_t to, json_t **ret,
		  struct sp_err *err);
