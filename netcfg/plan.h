/* What the network of a node shall be: the state that node.h makes true. */
#pragma once

#include <stddef.h>

#include "netcfg/port.h"
#include "netcfg/prefix.h"

#define NET_BRIDGE "sp0" /* the bridge of every node */

struct net_peer {
	const char *name;         /* for messages */
	struct in_addr address;   /* of the node, reached directly */
	struct net_prefix subnet; /* of its containers */
};

/* What the node's network shall be; the arrays belong to the caller. */
struct net_plan {
	struct net_prefix subnet; /* /8 to /30 */
	const struct net_peer *peers;
	size_t n_peers;
	const struct net_port *ports;
	size_t n_ports;
};

struct in_addr net_plan_gateway(
	const struct net_plan *plan); /* the bridge's address, the first one */

/*
 * Is the plan consistent in itself: sizes, names, overlapping subnets (SP_E_CONFLICT), ports that
 * clash?
 */
int net_plan_check(const struct net_plan *plan, struct sp_err *err);
