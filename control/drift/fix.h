/* Putting drift right: an operation that looks, repairs what is meant, and looks again. */
#pragma once

#include <jansson.h>

#include "base/err.h"

struct control;
struct store;

/* The request of such an operation, as text on the heap. resource as drift_is_meant() reads it;
 * NULL: all that is found. */
int drift_fix_request(const char *resource, char **ret, struct sp_err *err);

/* On the control plane's own account (policy auto_drift_fix). SP_E_LOCKED or SP_E_CONFLICT while
 * somebody else changes the stack. */
int drift_fix_by_itself(struct control *c, struct store *s, const char *stack, struct sp_err *err);
