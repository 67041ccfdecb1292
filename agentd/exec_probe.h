/* Exec probes: the command in the container, the start of its output, its status. */
#pragma once

#include "agentd/probe.h"

extern const struct probe_exec_ops exec_probe_ops; /* owner: struct workload */
