/* IPv4 addresses of links. */
#pragma once

#include <netinet/in.h>

#include "netcfg/netlink.h"
#include "netcfg/prefix.h"

struct net_addr {
	int index; /* of the link */
	struct in_addr address;
	uint8_t length;
};

/* Returns 1 when added, 0 when the link had it. */
int net_addr_add(struct net_netlink *nl, const struct net_addr *a, struct sp_err *err);
int net_addr_delete(struct net_netlink *nl, const struct net_addr *a, struct sp_err *err);
/* All of the namespace, in an array the caller frees; returns how many. */
int net_addr_list(struct net_netlink *nl, struct net_addr **ret, struct sp_err *err);
