/*
 * Recovery: a running operation that no worker runs is taken over and goes on, without anybody's
 * help; at start, and then every recover_interval. Its controld was killed or stopped and its lock
 * has run out (at once when it was this controld's former life), or its worker gave up because the
 * store refused a write.
 */
#pragma once

#include "base/err.h"

struct control;
struct recovery;

/* An operation that was begun so often on its way forward is reverted; one that was reverted as
 * often again has failed to. */
#define RECOVERY_ATTEMPTS_MAX 16

/* What is to be taken over now is queued when this returns. */
int recovery_new(struct control *c, struct recovery **ret, struct sp_err *err);
void recovery_free(struct recovery *r); /* takes NULL */
