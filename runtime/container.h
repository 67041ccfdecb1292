/*
 * A container: created (a waiting child in its own namespaces and cgroup), started, signalled,
 * gone.
 *
 *	rt_create()   cgroup, clone3, id maps, mounts; spinit builds the root file system
 *	              ... the caller wires the network through netns_fd meanwhile ...
 *	rt_start()    the workload runs; or one error with the cause
 *	rt_signal(), rt_kill()
 *	rt_reap()     once pidfd is readable: how it ended
 *	rt_destroy()  kills what is left, removes the cgroup, closes everything
 *
 * The caller removes spec.dir afterwards. A container outlives its agent; rt_adopt() finds it
 *again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "runtime/engine.h"
#include "runtime/exit.h"
#include "runtime/spec.h"

#define RT_WARNING_MAX 256

struct rt_container {
	char id[SP_ID_MAX + 1];
	pid_t pid;           /* of spinit, in the caller's pid namespace */
	int pidfd;           /* readable when the container is gone */
	uint64_t start_time; /* of pid, clock ticks since boot: field 22 of /proc/PID/stat */
	int netns_fd;        /* its network namespace, as /proc/PID/ns/net */
	int cgroup_fd;
	int dirfd;    /* spec.dir */
	bool started; /* the workload runs, or has run */
	bool adopted; /* by rt_adopt(): not our child */
	int socket; /* to spinit until rt_start() is over; then, like the next three, -1 or NULL */
	int userns_fd;
	void *stack;
	int *layers; /* the overlay has its own copies; closing these waits for the kernel's RCU */
	size_t n_layers;
	char warning[RT_WARNING_MAX]; /* what had to be left out, in one line; "" if nothing */
};

/* On failure nothing is left behind. The container is waiting: rt_start() or rt_destroy() it.
 * Codes: NOT_FOUND (source of a mount), INVALID, NO_SPACE, ... */
int rt_create(struct rt_engine *e, const struct rt_spec *spec, struct rt_container **ret,
	      struct sp_err *err);

/* Blocks for a millisecond, at most RT_START_TIMEOUT_MS. On failure the container is dead, still to
 * be rt_destroy()ed. Codes: NOT_FOUND (command, user), DENIED, ESCAPE, INVALID, TIMEOUT, ... */
#define RT_START_TIMEOUT_MS 10000
int rt_start(struct rt_container *c, struct sp_err *err);

/* Find a container again from spec.dir's state file. 1: it lives, *ret is set. 0: it is gone (or
 * was never started); the record of its end may still be read with rt_exit_read(). */
int rt_adopt(struct rt_engine *e, const char *id, const char *dir, struct rt_container **ret,
	     struct sp_err *err);

/* To the workload's first process, through spinit. A container that is gone is not an error. */
int rt_signal(struct rt_container *c, int signal, struct sp_err *err);
/* SIGKILL to every process of it, at once (cgroup.kill). */
int rt_kill(struct rt_container *c, struct sp_err *err);

/* 1: it is gone and *ret tells how (zombie reaped, record and cgroup read); 0: it still lives after
 * timeout_ms (0: only look). Call it before rt_destroy(), which removes the evidence. */
int rt_reap(struct rt_container *c, int timeout_ms, struct rt_exit *ret, struct sp_err *err);

/* Kill, wait for the end, remove the cgroup, free. Also after a failure of its own: what could not
 * be removed is reported, all else is gone. NULL is fine. */
int rt_destroy(struct rt_engine *e, struct rt_container *c, struct sp_err *err);

/* Let go of a live container without touching it: close the fds and free (the agent stops). */
void rt_forget(struct rt_container *c);

/* How a container ended while nobody watched it: by its record and its cgroup, which must still be
 * there to tell that memory ran out. Without a record it was killed. */
int rt_end_of_gone(struct rt_engine *e, const char *id, const char *dir, struct rt_exit *ret,
		   struct sp_err *err);

/* The record of a container that is no longer there. 1: *ret is set; 0: there is none. */
int rt_exit_read(const char *dir, struct rt_exit *ret, struct sp_err *err);
