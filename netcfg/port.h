/* Published ports: an address and port of the node that lead to one of a container. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct net_port {
	struct in_addr host_address; /* INADDR_ANY: every address of the node */
	uint16_t host_port;
	bool udp;
	struct in_addr address; /* of the container */
	uint16_t port;          /* in the container */
	const char *workload;   /* whose it is: named in conflicts and in the rule's comment */
};

#define NET_PORT_TEXT_MAX sizeof("255.255.255.255:65535/tcp")
void net_port_format(const struct net_port *p,
		     char ret[NET_PORT_TEXT_MAX]); /* "0.0.0.0:8080/tcp" */

/* Whether two ports of the node would catch the same packets. */
bool net_port_clashes(const struct net_port *a, const struct net_port *b);

/*
 * Can p be published beside the n others? SP_E_CONFLICT when one of another workload clashes with
 * it, or a process of the node listens there already (a bind(2) test in the caller's namespace);
 * SP_E_INVALID for port 0 or a host address that is not the node's.
 */
int net_port_check(const struct net_port *p, const struct net_port *others, size_t n,
		   struct sp_err *err);
