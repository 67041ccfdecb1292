/*
 * The end of an exec, also of one whose process cannot be reaped yet because something in the
 * container traces it (runtime/zombie.h): its container could not end, so the agent looks again.
 */
#pragma once

#include "agentd/agent.h"
#include "runtime/exec.h"

void exec_leftover_init(struct agent *a);
void exec_leftover_end(struct agent *a, struct rt_exec *x); /* kills and frees; takes NULL */
