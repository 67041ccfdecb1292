/* The end of a workload: all it has on this node goes, but its logs and volumes. */
#pragma once

#include "agentd/workload.h"

/* Of a stopped workload with a tombstone; w is freed. Killed on the way, the next agent finds the
 * tombstone and comes here again. */
void remove_workload(struct workload *w);
