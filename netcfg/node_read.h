/* What the kernel has of a node's network right now: read in a few listings, never remembered. But
 * for the rules, which whoever reads lists before (nat.h), for that takes a process. */
#pragma once

#include "netcfg/addr.h"
#include "netcfg/link.h"
#include "netcfg/node.h"
#include "netcfg/route.h"

struct net_node_facts {
	struct net_link *links; /* of the node, all kinds */
	size_t n_links;
	const struct net_link *bridge; /* into links; NULL: there is none */
	struct net_addr *addresses;    /* of the bridge */
	size_t n_addresses;
	struct net_route *routes; /* ours */
	size_t n_routes;
	bool forwarding;                     /* ip_forward, and route_localnet of the bridge */
	char **rules_missing, **rules_extra; /* of the table against the plan; see
						net_ruleset_compare() */
};

int net_node_read(struct net_node *node, const struct net_plan *plan, struct net_node_facts *ret,
		  struct sp_err *err);
void net_node_facts_fini(struct net_node_facts *f);

/* The end on the node of a workload's pair; NULL: there is none. */
const struct net_link *net_node_facts_link(const struct net_node_facts *f, const char *workload);
