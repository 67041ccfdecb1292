/* Network namespaces of others; see netns.h. */
#include "netcfg/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/fd.h"

struct socket_kind {
	int domain, type, protocol;
};

int net_netns_open(pid_t pid, struct sp_err *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? sp_fail_errno(err, errno, "'%s'", path) : fd;
}

static int make_socket(void *arg, struct sp_err *err)
{
	const struct socket_kind *k = arg;
	int fd = socket(k->domain, k->type | SOCK_CLOEXEC, k->protocol);

	return fd < 0 ? sp_fail_errno(err, errno, "socket") : fd;
}

int net_netns_socket(int netns, int domain, int type, int protocol, struct sp_err *err)
{
	struct socket_kind k = { domain, type, protocol };

	return net_netns_run(netns, make_socket, &k, err);
}

int net_netns_run(int netns, int (*fn)(void *arg, struct sp_err *err), void *arg,
		  struct sp_err *err)
{
	autoclose int home = -1;
	int r;

	if (netns < 0)
		return fn(arg, err);
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return sp_fail_errno(err, errno, "'/proc/thread-self/ns/net'");
	if (setns(netns, CLONE_NEWNET) < 0)
		return sp_fail_errno(err, errno, "enter a network namespace");
	r = fn(arg, err);
	if (setns(home, CLONE_NEWNET) < 0)
		abort();
	return r;
}
