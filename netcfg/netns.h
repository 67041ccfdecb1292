/*
 * Network namespaces of others. A thread steps into one for as long as it takes to make a socket or
 * open a file, and back: about a microsecond, allowed to a process with io_uring workers (setns(2)
 * of a network namespace is per thread), and what was made inside stays inside.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"

/* /proc/PID/ns/net as an fd; the caller owns it. */
int net_netns_open(pid_t pid, struct sp_err *err);

/* A socket that belongs to netns (-1: the caller's own). SOCK_CLOEXEC is added. Returns the fd. */
int net_netns_socket(int netns, int domain, int type, int protocol, struct sp_err *err);

/*
 * Run fn(arg) with the calling thread inside netns (-1: right here) and come back; fn must only
 * make descriptors. Not coming back would leave the caller in a foreign network: that aborts.
 */
int net_netns_run(int netns, int (*fn)(void *arg, struct sp_err *err), void *arg,
		  struct sp_err *err);
