/*
 * The pair of a container: one end a port of the node's bridge, the other born as
 * NET_CONTAINER_LINK in the container's namespace (moving it there later would cost 15 ms). The end
 * on the node is named after the workload's digest, for a link's name has 15 characters, and bears
 * the id as its alias.
 */
#pragma once

#include <net/if.h>

#include "netcfg/link.h"
#include "netcfg/prefix.h"

#define NET_VETH_PREFIX "spv"

struct net_veth {
	const char *workload;
	int netns;              /* the container's */
	int bridge;             /* index */
	struct in_addr address; /* of the container */
	uint8_t length;
	struct in_addr gateway;
};

/* The name of a workload's end on the node. */
int net_veth_name(const char *workload, char ret[IFNAMSIZ], struct sp_err *err);
bool net_veth_is_ours(const struct net_link *link);

/*
 * Make the pair and configure the container's end: address, default route, lo. A pair of that
 * workload that is whole is kept, one that is not (of a container that went, or half made) is
 * replaced. Returns 1 when something changed, 0 when not; on failure nothing of it stays.
 */
int net_veth_attach(struct net_netlink *nl, const struct net_veth *v, struct sp_err *err);

/* workload may also be the name of one of our links, or its alias. Returns 1, or 0 when there was
 * none. */
int net_veth_detach(struct net_netlink *nl, const char *workload, struct sp_err *err);
