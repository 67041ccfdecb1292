/* The end of a container: stop signal, grace, then everything in its cgroup is killed. */
#pragma once

#include "agentd/workload.h"

/* Of a running workload. What follows its end depends on why. */
void stop_workload(struct workload *w, enum workload_stop why, const char *reason);
/* Take a stop up again that an earlier agent began. */
void stop_resume(struct workload *w);
void stop_grace_over(struct workload *w);
