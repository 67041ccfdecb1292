/* PID 1 once the workload runs: forward signals, reap, record the end. */
#pragma once

#include <sys/types.h>

struct reaper {
	pid_t workload;
	int exit_fd;  /* the record goes here; -1 for none */
	int drain[2]; /* FIFOs that must be empty before we go; -1 for none */
};

/* Returns the exit status for ourselves. */
int reap_until_end(const struct reaper *r);
