/* What an agent does first: find again what an earlier one left running, and remove the rest. */
#pragma once

#include "agentd/agent.h"

/* Load every workload, take its container back or learn how it ended. */
int adopt_workloads(struct agent *a, struct sp_err *err);
