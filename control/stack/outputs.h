/*
 * The outputs of a stack, as its current revision declares them: a value, which may tell where a
 * service is, or the stack's state under a key. They are worked out when they are asked for, so
 * they are never stale.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "control/store/store.h"

/*
 * [{"name", "value", "sensitive", "state"}], in the order of the file; only the one of that name
 * when it is given. value is null when the state is not set or the service not placed, and
 * for a sensitive one unless reveal. SP_E_NOT_FOUND: no such stack, or output.
 */
int outputs_read(struct store *s, const char *stack, const char *name, bool reveal, json_t **ret,
		 struct sp_err *err);
