/* Between the two halves of the exec: starting (exec.c) and what follows (exec_control.c). */
#pragma once

#include "runtime/exec.h"

/* Kill what is in its cgroup, remove that, and close both descriptors of it. */
void rt_exec_remove_cgroup(struct rt_exec *x);
