/* IPv4 routes of the main table. Ours carry a protocol number of their own, by which they are found
 * again. */
#pragma once

#include <netinet/in.h>

#include "netcfg/netlink.h"
#include "netcfg/prefix.h"

#define NET_ROUTE_PROTOCOL 83 /* 'S'; not assigned in rtnetlink.h nor iproute2's rt_protos */

struct net_route {
	struct net_prefix to; /* length 0: the default route */
	struct in_addr via;
};

/* Add the route, or change where an existing one of ours leads. */
int net_route_put(struct net_netlink *nl, const struct net_route *route, struct sp_err *err);
int net_route_delete(struct net_netlink *nl, const struct net_route *route, struct sp_err *err);
/* Ours, in an array the caller frees; returns how many. */
int net_route_list(struct net_netlink *nl, struct net_route **ret, struct sp_err *err);
