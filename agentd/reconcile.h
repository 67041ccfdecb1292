/* Desired against actual, one workload at a time: the only place that decides what happens next. */
#pragma once

#include "agentd/workload.h"
#include "base/loop.h"

/* Reconcile w from the loop, soon; calls fold into one. */
void reconcile_soon(struct workload *w);

/* Of the timers in struct workload. */
void reconcile_kicked(struct sp_timer *t);
void reconcile_due(struct sp_timer *t);

/* Is it to run? */
bool reconcile_wants(const struct workload *w);
/* After a container's end, or an attempt that did not get that far: the next state by request, by
 * policy and by back-off. code: how it ended, 0 is well. */
void reconcile_ended(struct workload *w, int code, const char *why);
/* The container could not be started at all. */
void reconcile_not_started(struct workload *w, const struct sp_err *why);
/* Wait out what is left of the back-off, as told by next_start_at_ns. */
void reconcile_arm_backoff(struct workload *w);
