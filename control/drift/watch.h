/*
 * Looking for drift by the clock: a thread looks at each stack whose time has come, by its policy
 * (auto_drift_detect) or else by the configuration (drift_interval), and puts it right where the
 * policy says so (auto_drift_fix).
 *
 * When a stack was looked at last is in the store: several controlds share the work, and a look
 * that a person took counts too.
 */
#pragma once

#include "base/err.h"

struct control;
struct drift_watch;

int drift_watch_new(struct control *c, struct drift_watch **ret, struct sp_err *err);
void drift_watch_free(struct drift_watch *w); /* waits for a look to end; takes NULL */
