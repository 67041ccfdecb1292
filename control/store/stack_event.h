/*
 * Events of stacks: each has what a reader needs to know the stack without its row, so that those
 * of a stack, with the ones of its lock and its snapshots, replayed in order, are its state. Called
 * in the transaction of the change, after it.
 */
#pragma once

#include "control/store/stack.h"
#include "control/store/verification.h"

/* stack.created, {"state"}: the row is there, with revision 0. */
int stack_tell_created(struct store *s, const char *stack, enum store_stack_state state,
		       const char *operation, struct sp_err *err);
/* stack.execution.started|completed|failed, {"state", "kind"}: the kind of the operation. */
int stack_tell_state(struct store *s, const char *stack, enum store_stack_state state,
		     const char *operation, struct sp_err *err);
/* stack.execution.failed, the same; state: what the stack is in after it. */
int stack_tell_failed(struct store *s, const char *stack, const char *state, const char *operation,
		      struct sp_err *err);
/* stack.updated, {"revision", "digest"}: as they are in the row. */
int stack_tell_updated(struct store *s, const char *stack, struct sp_err *err);
/* stack.destroyed: the row is gone; the lock and the snapshots are not. */
int stack_tell_destroyed(struct store *s, const char *stack, const char *operation,
			 struct sp_err *err);
/* stack.expires, {"expires_at": stamp or null}: when it is to be destroyed. */
int stack_tell_expires(struct store *s, const char *stack, int64_t at_ns, const char *operation,
		       struct sp_err *err);
/* stack.overdue: its time is up, and it is not destroyed; why is the message. */
int stack_tell_overdue(struct store *s, const char *stack, const char *why, struct sp_err *err);
/* stack.verified, {"revision", "ok", "passed", "warned", "failed", "skipped", "by"}. */
int stack_tell_verified(struct store *s, const struct store_verification *v, struct sp_err *err);
