/* The snapshot step of an operation, before it changes anything. */
#pragma once

#include "control/operation/operation.h"

/* Keep what runs, so that it can be brought back; an attempt that finds it done goes on with it.
 * in_use: a snapshot that must not be cleared away for it; 0: none. */
int snapshot_step(struct operation *o, int64_t in_use, struct sp_err *err);
/* The same, unless the policy of what runs says otherwise; of a stack of which nothing runs,
 * nothing. */
int snapshot_step_by_policy(struct operation *o, struct sp_err *err);
