/* From a pending workload to a running one: prepare, create, wire, start. */
#pragma once

#include "agentd/workload.h"

/* On failure everything made for the incarnation is undone, and the workload backs off or fails. */
void start_workload(struct workload *w);

/* Watch a container that runs: its end, its memory, its probes. Also after adoption. */
int start_watching(struct workload *w, struct sp_err *err);

/* The workload's log, open from the first incarnation to the removal. */
int start_logs(struct workload *w, struct sp_err *err);
