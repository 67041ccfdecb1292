/*
 * How a container ended, and why.
 *
 * spinit writes one record into `exit` of the container's directory before it goes, so the status
 * outlives the agent. What spinit cannot know (it was killed itself, memory ran out) comes from the
 * cgroup, read before it is removed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum rt_death {
	RT_DEATH_EXITED,   /* by itself; code is its status */
	RT_DEATH_SIGNALED, /* by a signal of its own or of another process inside */
	RT_DEATH_STOPPED,  /* after a signal that was sent from outside through spinit */
	RT_DEATH_KILLED,   /* the whole container was killed from outside; no status */
	RT_DEATH_OOM,      /* the kernel killed for the cgroup's memory limit */
};

const char *rt_death_name(enum rt_death d);

struct rt_exit {
	enum rt_death death;
	int code;       /* exit status, or 128 + signal */
	int signal;     /* 0: none */
	int stopped_by; /* signal forwarded last from outside, 0: none */
	int64_t at_ns;  /* CLOCK_REALTIME; of the reading where there is no record */
};

/* "exited with status 3", "killed by SIGSEGV", "out of memory (limit of the container)", ... */
void rt_exit_format(const struct rt_exit *x, char *ret, size_t room);
