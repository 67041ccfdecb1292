/* Published ports; see port.h. */
#include "netcfg/port.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/str.h"
#include "netcfg/prefix.h"

void net_port_format(const struct net_port *p, char ret[NET_PORT_TEXT_MAX])
{
	char address[INET_ADDRSTRLEN];

	net_address_format(p->host_address, address);
	snprintf(ret, NET_PORT_TEXT_MAX, "%s:%u/%s", address, p->host_port & 0xffffU,
		 p->udp ? "udp" : "tcp");
}

bool net_port_clashes(const struct net_port *a, const struct net_port *b)
{
	return a->host_port == b->host_port && a->udp == b->udp &&
	       (a->host_address.s_addr == b->host_address.s_addr ||
		a->host_address.s_addr == INADDR_ANY || b->host_address.s_addr == INADDR_ANY);
}

/*
 * Listening sockets refuse a second bind even with SO_REUSEADDR, which ours sets so that
 * connections in TIME_WAIT do not count; for udp it must not, there two such sockets may share.
 */
static int try_bind(const struct net_port *p, const char *text, struct sp_err *err)
{
	autoclose int fd = socket(AF_INET, (p->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(p->host_port),
				  .sin_addr = p->host_address };
	int on = 1;

	if (fd < 0 || (!p->udp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0))
		return sp_fail_errno(err, errno, "socket");
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	if (errno == EADDRINUSE)
		return sp_fail(err, SP_E_CONFLICT, "port %s is in use on this node by a process",
			       text);
	if (errno == EADDRNOTAVAIL)
		return sp_fail(err, SP_E_INVALID, "port %s: the node has no such address", text);
	return sp_fail_errno(err, errno, "bind %s", text);
}

int net_port_check(const struct net_port *p, const struct net_port *others, size_t n,
		   struct sp_err *err)
{
	char text[NET_PORT_TEXT_MAX];

	net_port_format(p, text);
	if (p->host_port == 0 || p->port == 0)
		return sp_fail(err, SP_E_INVALID, "port %s to %u: 0 is not a port", text, p->port);
	for (size_t i = 0; i < n; i++)
		if (net_port_clashes(p, &others[i]) && !sp_str_eq(p->workload, others[i].workload))
			return sp_fail(err, SP_E_CONFLICT, "port %s is already published by '%s'",
				       text, others[i].workload ? others[i].workload : "?");
	return try_bind(p, text, err);
}
