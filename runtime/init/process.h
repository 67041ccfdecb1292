/*
 * The workload's process: the one way into it for the container's first process and for an exec
 * (CVE-2022-29162, CVE-2022-36109: two ways drift apart).
 *
 * process_prepare() resolves everything while we still are root; process_confine() gives up
 * privileges for good; process_spawn() makes the child, which becomes the user and executes.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "runtime/init/channel.h"
#include "runtime/init/user.h"

struct process {
	struct user user;
	char **args, **environment;
	int name_hidden; /* what is said of it does not name args[0] */
	int cwd;         /* O_PATH */
	int stdio[3];    /* -1: /dev/null */
	uint64_t caps;
	int tty;          /* stdio is a terminal to be controlled */
	int parent_death; /* signal when the parent goes; 0 for none */
};

/* make_cwd: a missing working directory is made. */
int process_prepare(const struct init_orders *in, int root, int make_cwd, struct process *ret,
		    struct sp_err *err);

/* Bounding set, no_new_privs, seccomp: of this process and all that come from it. */
int process_confine(const struct init_orders *in, struct sp_err *err);

/* Start it; we are suspended until it has executed (or failed to). flags: CLONE_PARENT or 0.
 * *ret_pid is set also where it failed: somebody has to reap it. */
int process_spawn(struct process *p, int flags, pid_t *ret_pid, struct sp_err *err);

/* Effective and permitted capabilities; inheritable and ambient are empty. */
int process_set_caps(uint64_t caps, struct sp_err *err);
