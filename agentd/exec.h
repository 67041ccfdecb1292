/* One more process in a container, for a person at the other end of an upgraded connection
 * (docs/api.md, "exec stream"). */
#pragma once

#include "agentd/agent.h"

void exec_end_all(struct agent *a); /* the agent stops: processes are killed, connections closed */
