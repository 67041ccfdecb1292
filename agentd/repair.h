/* Putting one part of a live workload right, without touching the rest of it. What it was born with
 * (environment, mounts, security) cannot be changed: that takes a restart. */
#pragma once

#include "agentd/workload.h"

/* symbol, name on the wire */
#define REPAIR_PARTS(X)           \
	X(CGROUP, "cgroup")       \
	X(RLIMITS, "rlimits")     \
	X(SYSCTLS, "sysctls")     \
	X(LINK, "link")           \
	X(HOSTS, "hosts")         \
	X(STRANGERS, "strangers") \
	X(PROCESS, "process")

enum repair_part {
#define X(sym, name) REPAIR_##sym,
	REPAIR_PARTS(X)
#undef X
};

int repair_part_parse(const char *name); /* or -1 */

/* Idempotent. CONFLICT when the workload has no container. only: of a cgroup its file, of rlimits
 * and sysctls the name, and nothing else is touched; NULL: the whole part, as for every other part.
 */
int repair_workload(struct workload *w, enum repair_part part, const char *only,
		    struct sp_err *err);
