/* What belongs to nobody: cgroups, veth pairs, log FIFOs and uid ranges of workloads this agent
 * does not have. Their namespaces, mounts and addresses go with their last process. */
#pragma once

#include "agentd/agent.h"

/* Remove one "cgroup", "link" or "directory" of that name. CONFLICT: it is a workload's. */
int orphan_remove(struct agent *a, const char *kind, const char *name, struct sp_err *err);

/* After adoption. Trouble with one is told and leaves the others to be removed. */
void orphan_remove_all(struct agent *a);
