/* The probes of a running workload, and what their verdicts do: startup opens the way to `ready`,
 * liveness restarts, readiness only routes. */
#pragma once

#include <jansson.h>

#include "agentd/workload.h"

void health_start(struct workload *w); /* a new or an adopted incarnation */
void health_stop(struct workload *w);  /* no verdict comes after this */

/* {"kind", "ok", "message", "at"} of the probe that tells most; NULL when none has run. */
json_t *health_last(const struct workload *w);
