/* The bridge that the containers of a node share. */
#pragma once

#include "netcfg/netlink.h"
#include "netcfg/prefix.h"

/*
 * A bridge called name, up, with `address` and no other. Returns 1 when something changed, 0 when
 * not, and its index in *ret_index. SP_E_CONFLICT when name is some other kind of link.
 */
int net_bridge_ensure(struct net_netlink *nl, const char *name, struct in_addr address,
		      uint8_t length, int *ret_index, struct sp_err *err);
int net_bridge_remove(struct net_netlink *nl, const char *name, struct sp_err *err);

/*
 * Let a port give back to itself what came from it: a container that calls its own published port,
 * where br_netfilter rewrites the call before it has left the bridge.
 */
int net_bridge_hairpin(struct net_netlink *nl, int port, struct sp_err *err);
