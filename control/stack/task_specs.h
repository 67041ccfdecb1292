/* The tasks of a stack as specs, to be compared like workloads. */
#pragma once

#include <jansson.h>

#include "stackfile/stack.h"

/* Append one for each task to list: its id is "task NAME", and when, timeout_ns, retries and
 * depends_on are among its members. */
int task_specs(const struct stack *stack, json_t *list, struct sp_err *err);
