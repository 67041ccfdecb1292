/* Processes of a container that the kernel killed for its memory limit, told as they die: the
 * container itself may live on. */
#pragma once

#include "agentd/workload.h"

void memory_watch(struct workload *w); /* where the node has the controller; else nothing */
