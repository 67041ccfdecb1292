/*
 * Reverting: a stack goes back, whole, to the revision that ran before. What was touched gets its
 * old spec again, what was new is removed; volumes stay. What that is, is read from the workloads'
 * rows and the operation's journal alone, so any attempt of an operation can do it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/operation/operation.h"

/* Whether an agent may have been told anything: 1 or 0. */
int revert_is_needed(struct operation *o, struct sp_err *err);
/* Back to that revision (0: to nothing). all: also what the journal does not name, for a stack
 * whose former operation left it in pieces. */
int revert_run(struct operation *o, int64_t revision, bool all, struct sp_err *err);
