/* What --resource may name: a workload of the stack, a node, something that was found, or one of
 * these with "/FIELD". */
#pragma once

#include <jansson.h>

#include "control/control.h"
#include "control/store/store.h"

/* SP_E_NOT_FOUND when neither the stack, the cluster nor the report (as the API shows it; NULL:
 * none) has it. resource: NULL is everything, and there. */
int drift_resource_find(struct store *s, const char *stack, const json_t *report,
			const char *resource, struct sp_err *err);
/* The same with what is found by looking now, where the store alone does not know it. */
int drift_resource_look(struct control *c, struct store *s, const char *stack, const char *resource,
			struct sp_err *err);
