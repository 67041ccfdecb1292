/*
 * The runtime of one agent: what is found out and prepared once, so that a launch does not pay for
 * it.
 *
 * It holds the cgroup root, spinit as a sealed memfd that nothing can read or write, the /dev of
 * all containers, the compiled seccomp filters and what this kernel can do. Not thread-safe; one
 * for each process.
 */
#pragma once

#include <stdbool.h>
#include <sys/resource.h>

#include "base/err.h"
#include "runtime/cgroup.h"

struct rt_engine_conf {
	const char *cgroup_parent; /* NULL: "stackpilot" */
	const char *spinit_path;   /* the program; NULL: "spinit" beside our own executable */
	const char
		*cache_dir; /* compiled filters, made if missing; NULL: compile for each engine */
	const struct rlimit *files; /* RLIMIT_NOFILE of who names none; NULL: as ours */
};

struct rt_engine;

int rt_engine_open(const struct rt_engine_conf *conf, struct rt_engine **ret, struct sp_err *err);
void rt_engine_free(struct rt_engine *e); /* containers go on; takes NULL */

const struct rt_cgroup_root *rt_engine_cgroups(const struct rt_engine *e);
