/* From a pending workload to a running one: prepare, create, wire, start. */
#pragma once

#include "agentd/workload.h"

/* On failure everything made for the incarnation is undone, and the workload backs off or fails.
 * One with published ports is left starting until they lead to it; then start_go_on() is called.
 * A container that ends while it waits for that is an exit like any other (exit.h). */
void start_workload(struct workload *w);
void start_go_on(struct rules_wait *wait, int r, const struct sp_err *err);

/* Watch a container, from its creation or adoption on: its end, its memory. */
int start_watching(struct workload *w, struct sp_err *err);

/* The workload's log, open from the first incarnation to the removal. */
int start_logs(struct workload *w, struct sp_err *err);
