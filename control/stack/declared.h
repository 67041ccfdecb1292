/* What a stack declares besides what runs: its policy and its outputs, to be compared like
 * workloads. */
#pragma once

#include <jansson.h>

#include "stackfile/stack.h"

/* Append to list: one object with the id "policy"; one for each output, "output NAME" with value
 * (as written; sensitive.h: wrapped unless it may be shown), state and sensitive. */
int declared_policy(const struct stack *stack, json_t *list, struct sp_err *err);
int declared_outputs(const struct stack *stack, json_t *list, struct sp_err *err);

/* The value of the output is only for who asks for it by --reveal. */
bool output_is_hidden(const struct stack_output *o);
