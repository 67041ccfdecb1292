/*
 * A socket inside a container's network namespace: the namespace is entered for the one call that
 * makes the socket, which then belongs there. This thread serves everybody else too, so a way back
 * that fails is the end of the process, and systemd starts a sane one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "agentd/probe_impl.h"
#include "base/fd.h"

static int make_socket(struct sp_err *err)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? sp_fail_errno(err, errno, "socket") : fd;
}

int probe_socket(int netns_fd, struct sp_err *err)
{
	autoclose int home = -1;
	int fd;

	if (netns_fd < 0)
		return make_socket(err);
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return sp_fail_errno(err, errno, "own network namespace");
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return sp_fail_errno(err, errno, "network namespace of the workload");
	fd = make_socket(err);
	if (setns(home, CLONE_NEWNET) < 0)
		abort();
	return fd;
}
