/* What /proc says about a container's isolation, for `ctl verify`: read, never remembered. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define RT_NAMESPACES(X)    \
	X(CGROUP, "cgroup") \
	X(IPC, "ipc")       \
	X(MNT, "mnt")       \
	X(NET, "net")       \
	X(PID, "pid")       \
	X(USER, "user")     \
	X(UTS, "uts")

enum rt_namespace {
#define X(sym, name) RT_NS_##sym,
	RT_NAMESPACES(X)
#undef X
		RT_NS_COUNT
};

const char *rt_namespace_name(enum rt_namespace n);

struct rt_isolation {
	pid_t pid;                        /* the workload's first process: spinit's first child, or
					     spinit itself where there is none */
	uint64_t inode[RT_NS_COUNT];      /* of each namespace */
	uint64_t host_inode[RT_NS_COUNT]; /* of the caller's own */
	char cgroup[256];                 /* "0::" path */
	char state;                       /* of the process: 'R', 'S', 'T' (stopped), 'Z' ... */
	int seccomp;                      /* 0 off, 1 strict, 2 filter */
	bool no_new_privs;
	uint32_t host_uid; /* real uid, as the host sees it */
	uint64_t cap_effective, cap_bounding;
	bool own_namespaces; /* all seven differ from the host's */
};

/* pid is spinit's; gone is NOT_FOUND. */
int rt_isolation_read(pid_t pid, struct rt_isolation *ret, struct sp_err *err);
