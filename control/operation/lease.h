/*
 * An operation's hold on its stack's lock. While it is open, each transaction of its store and each
 * call to an agent needs it: one who was stopped for longer than the lock lives, and wakes up, can
 * write nothing and ask nobody.
 */
#pragma once

#include "control/operation/operation.h"

/* The lock is still ours, for lock_ttl from now; SP_E_FENCED. Of an operation that was taken over,
 * the nodes hear the token first. */
int operation_lease_take(struct operation *o, struct sp_err *err);
void operation_lease_drop(struct operation *o);
