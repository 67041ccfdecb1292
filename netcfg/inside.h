/* A container's own network, configured from outside over a socket that belongs to its namespace.
 */
#pragma once

#include "netcfg/addr.h"
#include "netcfg/veth.h"

#define NET_CONTAINER_LINK "eth0"

/*
 * Bring up NET_CONTAINER_LINK with v's address and default route; lo and the namespace's settings
 * are the container's own affair. Returns 1 when something changed.
 */
int net_inside_configure(const struct net_veth *v, struct sp_err *err);

/* Whether NET_CONTAINER_LINK is there with that index: 1 or 0. */
int net_inside_has(int netns, int index, struct sp_err *err);

/* What is there of it. */
struct net_inside {
	bool present, up;           /* NET_CONTAINER_LINK */
	struct net_addr *addresses; /* its own; the caller frees them */
	size_t n_addresses;
	struct in_addr gateway; /* of the default route; 0: there is none */
};

int net_inside_read(int netns, struct net_inside *ret, struct sp_err *err);
