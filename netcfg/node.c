/* The network of a node; see node.h. */
#include "netcfg/node.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "netcfg/addr.h"
#include "netcfg/bridge.h"
#include "netcfg/node_impl.h"
#include "netcfg/route.h"
#include "netcfg/sysctl.h"
#include "netcfg/veth.h"

int net_node_open(const char *nft, struct net_node **ret, struct sp_err *err)
{
	struct net_node *node = calloc(1, sizeof(*node));
	int r;

	if (!node)
		return sp_fail_nomem(err);
	r = net_netlink_open(-1, &node->nl, err);
	if (r == 0)
		r = net_nat_open(nft, &node->nat, err);
	if (r < 0) {
		net_node_free(node);
		return r;
	}
	*ret = node;
	return 0;
}

void net_node_free(struct net_node *node)
{
	if (!node)
		return;
	net_netlink_free(node->nl);
	net_nat_free(node->nat);
	free(node);
}

struct net_nat *net_node_nat(struct net_node *node)
{
	return node->nat;
}

/* A network the node is in by another link must not be taken for containers. */
static int check_against(const struct net_plan *plan, const struct net_addr *a, struct sp_err *err)
{
	struct net_prefix present = net_prefix_of(a->address, a->length);
	char wanted[NET_PREFIX_TEXT_MAX], text[NET_PREFIX_TEXT_MAX];
	const struct net_prefix *clash =
		net_prefix_overlaps(&plan->subnet, &present) ? &plan->subnet : NULL;

	for (size_t i = 0; !clash && i < plan->n_peers; i++)
		if (net_prefix_overlaps(&plan->peers[i].subnet, &present))
			clash = &plan->peers[i].subnet;
	if (!clash)
		return 0;
	net_prefix_format(clash, wanted);
	net_prefix_format(&present, text);
	return sp_fail(err, SP_E_CONFLICT,
		       "subnet %s overlaps with %s, a network this node is in by link %d", wanted,
		       text, a->index);
}

static int check_networks(struct net_node *node, const struct net_plan *plan, struct sp_err *err)
{
	autofree struct net_addr *list = NULL;
	struct net_link bridge = { 0 };
	int n, r = net_link_find(node->nl, NET_BRIDGE, &bridge, err);

	if (r < 0)
		return r;
	n = net_addr_list(node->nl, &list, err);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		if (list[i].index == bridge.index)
			continue;
		r = check_against(plan, &list[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int apply_sysctls(struct sp_err *err)
{
	int changed = net_sysctl_put(-1, "net.ipv4.ip_forward", "1", err), r;

	if (changed < 0)
		return changed;
	r = net_sysctl_put(-1, "net.ipv4.conf." NET_BRIDGE ".route_localnet", "1", err);
	return r < 0 ? r : changed | r;
}

static bool planned(const struct net_plan *plan, const struct net_route *route)
{
	for (size_t i = 0; i < plan->n_peers; i++)
		if (net_prefix_eq(&plan->peers[i].subnet, &route->to) &&
		    plan->peers[i].address.s_addr == route->via.s_addr)
			return true;
	return false;
}

static bool present(const struct net_route *list, int n, const struct net_peer *peer)
{
	for (int i = 0; i < n; i++)
		if (net_prefix_eq(&list[i].to, &peer->subnet) &&
		    list[i].via.s_addr == peer->address.s_addr)
			return true;
	return false;
}

static int drop_unplanned(struct net_node *node, const struct net_plan *plan,
			  const struct net_route *list, int n, struct sp_err *err)
{
	int changed = 0;

	for (int i = 0; i < n; i++) {
		int r;

		if (planned(plan, &list[i]))
			continue;
		r = net_route_delete(node->nl, &list[i], err);
		if (r < 0)
			return r;
		changed = 1;
	}
	return changed;
}

/* Peers that cannot be reached do not keep the others from being; the first one is told. */
static int apply_routes(struct net_node *node, const struct net_plan *plan, struct sp_err *err)
{
	autofree struct net_route *list = NULL;
	int n = net_route_list(node->nl, &list, err), failed = 0, changed;

	if (n < 0)
		return n;
	changed = drop_unplanned(node, plan, list, n, err);
	if (changed < 0)
		return changed;
	for (size_t i = 0; i < plan->n_peers; i++) {
		const struct net_peer *p = &plan->peers[i];
		struct net_route route = { .to = p->subnet, .via = p->address };
		int r;

		if (present(list, n, p))
			continue;
		r = net_route_put(node->nl, &route, failed ? NULL : err);
		if (r < 0 && !failed)
			failed = err ? sp_err_prefix(err, "node '%s'", p->name) : r;
		changed |= r == 0;
	}
	return failed ? failed : changed;
}

static int apply_bridge(struct net_node *node, const struct net_plan *plan, struct sp_err *err)
{
	int r = net_bridge_ensure(node->nl, NET_BRIDGE, net_plan_gateway(plan), plan->subnet.length,
				  &node->bridge, err);

	if (r < 0)
		return r;
	node->subnet = plan->subnet;
	node->gateway = net_plan_gateway(plan);
	return r;
}

int net_node_apply_part(struct net_node *node, const struct net_plan *plan, enum net_part part,
			struct sp_err *err)
{
	switch (part) {
	case NET_PART_BRIDGE:
		return apply_bridge(node, plan, err);
	case NET_PART_FORWARDING:
		return apply_sysctls(err);
	case NET_PART_RULES:
		return net_nat_apply(node->nat, plan, err);
	case NET_PART_ROUTES:
		return apply_routes(node, plan, err);
	}
	return 0;
}

int net_node_check(struct net_node *node, const struct net_plan *plan, struct sp_err *err)
{
	int r = net_plan_check(plan, err);

	return r < 0 ? r : check_networks(node, plan, err);
}

/* The routes are last because they alone depend on others. */
int net_node_apply(struct net_node *node, const struct net_plan *plan, struct sp_err *err)
{
	int changed = 0, r = net_node_check(node, plan, err);

	for (enum net_part part = NET_PART_BRIDGE; r >= 0 && part <= NET_PART_ROUTES; part++) {
		r = net_node_apply_part(node, plan, part, err);
		changed |= r > 0;
	}
	return r < 0 ? r : changed;
}

static int remove_pairs(struct net_node *node, struct sp_err *err)
{
	autofree struct net_link *links = NULL;
	int n = net_link_list(node->nl, &links, err), changed = 0;

	for (int i = 0; i < n; i++) {
		int r;

		if (!net_veth_is_ours(&links[i]))
			continue;
		r = net_link_delete(node->nl, links[i].name, err);
		if (r < 0)
			return r;
		changed = 1;
	}
	return n < 0 ? n : changed;
}

int net_node_remove(struct net_node *node, struct sp_err *err)
{
	const struct net_plan nothing = { 0 };
	int changed = remove_pairs(node, err), r;

	if (changed < 0)
		return changed;
	r = apply_routes(node, &nothing, err);
	if (r < 0)
		return r;
	changed |= r;
	r = net_bridge_remove(node->nl, NET_BRIDGE, err);
	if (r < 0)
		return r;
	changed |= r;
	node->subnet.length = 0;
	r = net_nat_remove(node->nat, err);
	return r < 0 ? r : changed | r;
}

/* An address that a container may have: in the subnet, and not its network's, bridge's or
 * broadcast. */
static bool usable(const struct net_node *node, struct in_addr a)
{
	struct in_addr broadcast = net_prefix_nth(&node->subnet, UINT32_MAX >> node->subnet.length);

	return net_prefix_contains(&node->subnet, a) && a.s_addr != node->subnet.network.s_addr &&
	       a.s_addr != node->gateway.s_addr && a.s_addr != broadcast.s_addr;
}

int net_node_attach(struct net_node *node, const struct net_attachment *a, struct sp_err *err)
{
	struct net_veth v = { .workload = a->workload,
			      .netns = a->netns,
			      .bridge = node->bridge,
			      .address = a->address,
			      .length = node->subnet.length,
			      .gateway = node->gateway };
	char address[INET_ADDRSTRLEN], subnet[NET_PREFIX_TEXT_MAX];

	if (!node->subnet.length)
		return sp_fail(err, SP_E_NOT_FOUND, "this node has no subnet yet");
	if (usable(node, a->address))
		return net_veth_attach(node->nl, &v, err);
	net_address_format(a->address, address);
	net_prefix_format(&node->subnet, subnet);
	return sp_fail(err, SP_E_INVALID, "address %s of '%s' is not for a container of %s",
		       address, a->workload, subnet);
}

int net_node_detach(struct net_node *node, const char *workload, struct sp_err *err)
{
	return net_veth_detach(node->nl, workload, err);
}

int net_node_attached(struct net_node *node, char ***ret, struct sp_err *err)
{
	autofree struct net_link *links = NULL;
	int n = net_link_list(node->nl, &links, err);
	char **names = NULL;

	for (int i = 0; i < n; i++) {
		const char *name = *links[i].alias ? links[i].alias : links[i].name;

		if (net_veth_is_ours(&links[i]) && sp_strv_push(&names, name) < 0) {
			sp_strv_free(names);
			return sp_fail_nomem(err);
		}
	}
	if (n < 0)
		return n;
	*ret = names;
	return (int)sp_strv_count(names);
}
