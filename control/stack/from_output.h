/*
 * Outputs of other stacks in a workload's environment (`from_output` of the stack file): looked up
 * when the workload is deployed, from the current revision of the stack that has them.
 */
#pragma once

#include "control/stack/desired.h"
#include "control/store/store.h"

/* The value of an output, on the heap. SP_E_NOT_FOUND: the stack, the output, or its value is not
 * there. */
int output_value(struct store *s, const char *stack, const char *name, char **ret,
		 struct sp_err *err);

/* Add the variables to the spec of one workload of a service or task. */
int from_output_give(struct store *s, const struct stack_service *service, struct wire_workload *w,
		     struct sp_err *err);
/* The same for every workload of a stack; SP_E_INVALID at the validate stage, with the line. */
int from_output_give_all(struct store *s, struct desired *d, struct sp_err *err);
