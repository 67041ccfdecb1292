/* What a failed gate shows of the workload: its probe's words, and its last log lines. */
#pragma once

#include <stddef.h>

#include "control/operation/operation.h"

#define EVIDENCE_LINES 20

/* Into o->at. since: a stamp of the node, RFC 3339 in UTC with nanoseconds; what was printed before
 * it is of another time and not told. */
void evidence_gather(struct operation *o, const char *node, const char *id, const json_t *status,
		     const char *since);

/* The texts of a CRI log's lines (agentd/logs.h) from since on, each ending in '\n'; the last ones,
 * as many as room has place for. */
void evidence_of_log(const char *log, const char *since, char *ret, size_t room);
