/* The mounts of a launch: the workload's own, and the files of names. Private to launch.c. */
#pragma once

#include "agentd/launch.h"

int launch_mounts(struct workload *w, struct launch *l, struct sp_err *err);
