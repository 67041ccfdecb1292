/* What is behind struct rt_engine; for the runtime's own files. */
#pragma once

#include <stdint.h>

#include "base/list.h"
#include "runtime/cgroup.h"
#include "runtime/devices.h"
#include "runtime/engine.h"
#include "runtime/seccomp.h"

#define RT_BOOT_ID_MAX 40

struct rt_engine {
	struct rt_cgroup_root cgroups;
	int spinit_fd;
	struct rt_devices devices;
	struct rt_seccomp_cache *filters;
	bool attached_overlays;   /* found out at the first launch; see rt_overlay_mount() */
	struct sp_list leftovers; /* see leftover.h */
	uint32_t execs;           /* number of the last exec, for its cgroup's name */
	char boot_id[RT_BOOT_ID_MAX];
	int oom_score_adj; /* our own, which children inherit */
	bool set_files;    /* containers get `files` instead of our limit */
	struct rlimit files;
};
