/* The time that a stack's policy gives to an operation on what runs. */
#pragma once

#include "control/operation/operation.h"

/* Set o's deadline by the policy of the current revision (timeout); where nothing runs, or its file
 * cannot be read, there is no bound. */
void operation_limit_by_policy(struct operation *o);
