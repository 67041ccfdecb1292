/*
 * The end of an exec, also of one that does not end at once, or whose process cannot be reaped yet
 * because something in the container traces it (runtime/leftover.h): its container could not end,
 * so the agent looks again, when a process has ended and else every now and then.
 */
#pragma once

#include <stdint.h>

#include "base/loop.h"

struct agent;
struct rt_exec;
struct watch;

struct exec_leftover {
	struct watch *ended;
	int pidfd; /* of what `ended` waits for; -1: none */
	struct sp_timer again;
	int64_t delay_ns;
};

void exec_leftover_init(struct agent *a);
void exec_leftover_close(struct agent *a);
void exec_leftover_end(struct agent *a, struct rt_exec *x); /* kills and frees; takes NULL */
