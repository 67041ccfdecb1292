/*
 * Stacks whose lifetime is over (x-stackpilot.ttl, counted from their last deploy) are destroyed by
 * controld itself: an operation like any other, asked for by "system", under the stack's lock, with
 * its snapshot; volumes stay. A stack that others require, or that somebody holds the lock of,
 * stays until that is over; the event stack.overdue tells why, once.
 */
#pragma once

#include "base/err.h"

struct control;
struct expiry;

int expiry_new(struct control *c, struct expiry **ret, struct sp_err *err);
void expiry_free(struct expiry *x); /* takes NULL */
