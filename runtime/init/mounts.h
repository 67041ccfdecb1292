/* The file systems that a container gets from the kernel, made from inside its namespaces. */
#pragma once

#include "base/err.h"
#include "runtime/init/channel.h"

/* Detached; made while the agent still prepares the rest. */
struct init_mounts {
	int proc, sys, pts, mqueue, cgroup;
	int proc_sys; /* the directory of sysctls in proc, below the read-only mount over it */
};

/* A detached file system; options: pairs of key and value, ending with NULL. */
int mounts_make(const char *type, const char *const *options, unsigned int attrs,
		struct sp_err *err);

int mounts_prepare(struct init_mounts *ret, struct sp_err *err);
/* At any time, also when the root file system is complete. */
int mounts_sysctls(const struct init_mounts *m, const struct init_orders *in, struct sp_err *err);
/* Put them, and the agent's /dev, into the root. */
int mounts_attach(const struct init_mounts *m, const struct init_orders *in, int root,
		  struct sp_err *err);
/* The mounts of the spec, each on a target that may have to be made. */
int mounts_attach_ordered(const struct init_orders *in, int root, struct sp_err *err);
