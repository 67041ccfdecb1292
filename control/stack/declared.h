/* What a stack declares besides what runs, to be compared like workloads. */
#pragma once

#include <jansson.h>

#include "stackfile/stack.h"

/*
 * Each kind appends objects with an "id" to a list: outputs ("output NAME": value as written,
 * sensitive.h: wrapped unless it may be shown, state, sensitive), policy (one, "policy"), requires
 * ("requires STACK": outputs) and drift_ignore ("ignore TYPE RESOURCE FIELD": these and reason).
 */
struct declared_kind {
	const char *name;
	int (*append)(const struct stack *stack, json_t *list, struct sp_err *err);
};

extern const struct declared_kind declared_kinds[]; /* up to a name of NULL */

int declared_append(const struct stack *stack, json_t *list, struct sp_err *err); /* all kinds */

/* The value of the output is only for who asks for it by --reveal. */
bool output_is_hidden(const struct stack_output *o);
