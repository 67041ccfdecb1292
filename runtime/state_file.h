/* `state` in a container's directory: by what it can be recognised after the agent restarted. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "runtime/engine_impl.h"

#define RT_STATE_FILE "state"

struct rt_state {
	pid_t pid;
	uint64_t start_time;
	char boot_id[RT_BOOT_ID_MAX]; /* a start time means nothing in another boot */
};

/* Not synced to disk: after a crash of the machine there is nothing to adopt. */
int rt_state_write(int dirfd, const struct rt_state *state, struct sp_err *err);
/* No file, or one cut short, is NOT_FOUND. */
int rt_state_read(int dirfd, struct rt_state *ret, struct sp_err *err);
