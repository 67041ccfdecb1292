/* What is behind struct net_node; for the files of the node's network. */
#pragma once

#include "netcfg/nat.h"
#include "netcfg/netlink.h"
#include "netcfg/node.h"

struct net_node {
	struct net_netlink *nl;
	struct net_nat *nat;
	struct net_prefix subnet; /* of the last plan; length 0 before that */
	struct in_addr gateway;
	int bridge; /* index */
};
