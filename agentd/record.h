/*
 * The record of a workload, workloads/ID/state.json: what the agent must know about it after a
 * restart. Written at every change, by rename; waits for the disk only where a lost record would
 * run a finished job again.
 */
#pragma once

#include <stdbool.h>

#include "agentd/workload.h"
#include "base/err.h"

/* Trouble is told in the log: a full disk must not stop the state machine. */
void record_save(const struct workload *w, bool durable);

/* Fill w from its record. 1: done. 0: there is none, or it is unreadable (told in the log). */
int record_load(struct workload *w, struct sp_err *err);
