/* Outputs that tell where a service of the stack is, put together from what is placed. */
#pragma once

#include "control/store/stack.h"
#include "stackfile/stack.h"

/* The value on the heap; NULL when a service it tells of is not placed. placed: the workloads of
 * the stack's current revision. */
int output_parts_join(struct store *s, const struct stack_output *o,
		      const struct store_workloads *placed, char **ret, struct sp_err *err);
