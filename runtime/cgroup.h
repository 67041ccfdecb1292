/*
 * cgroup v2: finding it, limits, killing, watching, removal.
 *
 * The hierarchy is found from mountinfo (it may be /sys/fs/cgroup or .../unified); controllers are
 * used where they are there and named where they are missing. Every operation is relative to a
 * directory fd; ids follow the sp_id grammar, so none can name another place.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define RT_CONTROLLERS(X)   \
	X(CPU, "cpu")       \
	X(MEMORY, "memory") \
	X(PIDS, "pids")     \
	X(IO, "io")

enum rt_controller {
#define X(sym, name) RT_CONTROLLER_##sym,
	RT_CONTROLLERS(X)
#undef X
		RT_CONTROLLER_COUNT
};

const char *rt_controller_name(enum rt_controller c);

struct rt_limits {
	uint64_t memory_max_bytes, memory_high_bytes, memory_low_bytes; /* 0: none */
	uint32_t cpu_max_milli; /* thousandths of a CPU; 0: none */
	uint32_t cpu_weight;    /* 1..10000; 0: the kernel's 100 */
	int64_t pids_max;       /* <= 0: none */
	uint32_t io_weight;     /* 1..10000; 0: the kernel's 100 */
	bool best_effort;       /* a limit without its controller is left out, not an error */
};

/* The place of all containers of an agent: one cgroup below the hierarchy's root. */
struct rt_cgroup_root {
	int dirfd;             /* of the parent cgroup */
	char path[128];        /* "/stackpilot", as /proc/PID/cgroup tells it */
	uint32_t controllers;  /* bit per rt_controller that containers get */
	char mount_point[256]; /* where the hierarchy is mounted, for people */
};

/* Find the hierarchy, make `parent` ("stackpilot", or several components below one another) and
 * enable what controllers there are. Without a cgroup2 mount: SP_E_UNSUPPORTED. */
int rt_cgroup_root_open(const char *parent, struct rt_cgroup_root *ret, struct sp_err *err);
void rt_cgroup_root_close(struct rt_cgroup_root *root); /* leaves the cgroup itself */

/* Bits of the controllers that limits need and root does not have; 0: all can be enforced. */
uint32_t rt_limits_unenforceable(const struct rt_cgroup_root *root, const struct rt_limits *limits);
/* "memory, pids" for people. */
void rt_controllers_format(uint32_t controllers, char *ret, size_t room);

/* Make the cgroup `id` with limits; EXISTS if it is there. Returns an O_DIRECTORY fd. */
int rt_cgroup_make(const struct rt_cgroup_root *root, const char *id,
		   const struct rt_limits *limits, struct sp_err *err);
int rt_cgroup_open(const struct rt_cgroup_root *root, const char *id, struct sp_err *err);
/* Change the limits of a live cgroup: that of one file ("memory.max"), or all of them (only NULL).
 */
int rt_cgroup_limit(const struct rt_cgroup_root *root, int dirfd, const struct rt_limits *limits,
		    const char *only, struct sp_err *err);

/* The same for one that was just made: what has its default already is not written. */
int rt_cgroup_limit_fresh(const struct rt_cgroup_root *root, int dirfd,
			  const struct rt_limits *limits, struct sp_err *err);

/*
 * The files that limit a container and what they hold, to compare: what limits ask for as the
 * kernel will tell it, for the controllers that root has; and what a cgroup holds, for the files
 * that are there. Besides limits these are the switches of the core that can hold a container up.
 */
typedef void (*rt_cgroup_value_fn)(const char *file, const char *value, void *state);
void rt_cgroup_wanted(const struct rt_cgroup_root *root, const struct rt_limits *limits,
		      rt_cgroup_value_fn fn, void *state);
void rt_cgroup_held(const struct rt_cgroup_root *root, int dirfd, rt_cgroup_value_fn fn,
		    void *state);

/* SIGKILL to everything in it and below (cgroup.kill, Linux 5.14; before that, pid by pid). */
int rt_cgroup_kill(int dirfd, struct sp_err *err);
int rt_cgroup_populated(int dirfd, struct sp_err *err); /* 1, 0 or -errno */
/* Remove it and its descendants. Busy (a process is still going) is tried again for wait_ms at
 * most; absent is fine. */
int rt_cgroup_remove(const struct rt_cgroup_root *root, const char *id, int wait_ms,
		     struct sp_err *err);

/* For the loop: EPOLLPRI on it says that cgroup.events (populated) changed. O_RDONLY, caller's. */
int rt_cgroup_events_fd(int dirfd, struct sp_err *err);
/* The same for memory.events (EPOLLPRI); -ENOENT without the memory controller. */
int rt_cgroup_memory_events_fd(int dirfd, struct sp_err *err);
/* A pressure trigger (PSI): EPOLLPRI when tasks stalled stall_us within window_us. resource is
 * "cpu", "memory" or "io". Without CAP_SYS_RESOURCE the window must be a multiple of 2 s. */
int rt_cgroup_pressure_fd(int dirfd, const char *resource, uint32_t stall_us, uint32_t window_us,
			  struct sp_err *err);

struct rt_cgroup_usage {
	uint64_t memory_bytes, memory_peak_bytes; /* 0 without the controller */
	uint64_t cpu_usec, cpu_throttled_usec;
	uint64_t pids;
	uint64_t oom, oom_kill; /* memory.events: times at the limit, processes killed */
};
/* What there is to read; a missing file leaves its member 0. */
int rt_cgroup_usage(int dirfd, struct rt_cgroup_usage *ret, struct sp_err *err);

/* Whether the kernel killed a process of this very cgroup for its memory limit
 * (memory.events.local; Linux 5.2). */
bool rt_cgroup_oom_killed(int dirfd);

/* How many processes in it are none of a container's: of the caller's own pid namespace, or of one
 * that it cannot see into. */
int rt_cgroup_strangers(int dirfd, struct sp_err *err);
/* Move them to the caller's own cgroup. */
int rt_cgroup_expel(const struct rt_cgroup_root *root, int dirfd, struct sp_err *err);

/* Ids of the cgroups below root, for finding orphans: fn is called with each name. */
int rt_cgroup_each(const struct rt_cgroup_root *root, void (*fn)(const char *id, void *state),
		   void *state, struct sp_err *err);
