/*
 * The network of a node: one bridge with the first address of the node's subnet, one veth pair per
 * container, routes to the other nodes' subnets, and one nftables table for masquerading and
 * published ports. All of it in the network namespace of the calling thread.
 *
 * The kernel is the only memory: everything of ours is recognised by its name or mark, so a handle
 * opened after a restart finds what an earlier one made. Every call is idempotent, and returns 1
 * when it changed something, 0 when all was in place.
 */
#pragma once

#include "netcfg/plan.h"

struct net_nat;
struct net_node;

/* nft: where agentd-nft is; NULL: beside our own executable. */
int net_node_open(const char *nft, struct net_node **ret, struct sp_err *err);
void net_node_free(struct net_node *node); /* leaves the network as it is; takes NULL */

/*
 * Bridge, address, forwarding, routes and rules as the plan says; what an earlier plan had and this
 * one has not goes. A peer that cannot be reached is reported after all the rest is done.
 */
int net_node_apply(struct net_node *node, const struct net_plan *plan, struct sp_err *err);

/* Can the plan be applied at all? SP_E_CONFLICT when the subnet overlaps with a peer's or with a
 * network the node is already in, when NET_BRIDGE is not ours, or when two ports clash. */
int net_node_check(struct net_node *node, const struct net_plan *plan, struct sp_err *err);

/* One part of it alone, of a plan that can be applied. */
enum net_part { NET_PART_BRIDGE, NET_PART_FORWARDING, NET_PART_RULES, NET_PART_ROUTES };
int net_node_apply_part(struct net_node *node, const struct net_plan *plan, enum net_part part,
			struct sp_err *err);

/* The rules, for who must not wait for them (nat.h); owned by node. */
struct net_nat *net_node_nat(struct net_node *node);

/* Remove bridge, pairs, routes and rules. */
int net_node_remove(struct net_node *node, struct sp_err *err);

struct net_attachment {
	const char *workload; /* an sp_id */
	int netns;            /* the container's network namespace */
	struct in_addr
		address; /* inside the subnet of the last net_node_apply(), not the bridge's */
};

/*
 * Give a container its eth0: the pair's far end is born in its namespace, gets the address and the
 * default route; lo comes up. On failure nothing of it stays. SP_E_INVALID for an address outside
 * the subnet, SP_E_NOT_FOUND when the plan was never applied.
 */
int net_node_attach(struct net_node *node, const struct net_attachment *a, struct sp_err *err);

/* Remove a workload's pair while its namespace lives on (it dies with the namespace by itself). */
int net_node_detach(struct net_node *node, const char *workload, struct sp_err *err);

/* The workloads that have a pair, as a NULL-terminated list for sp_strv_free(); a pair whose owner
 * is unknown (killed half-way) is listed by the name of its link, and net_node_detach() takes that.
 */
int net_node_attached(struct net_node *node, char ***ret, struct sp_err *err);
