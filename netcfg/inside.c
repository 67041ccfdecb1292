/* A container's own network; see inside.h. */
#include "netcfg/inside.h"

#include <stdlib.h>

#include "base/mem.h"
#include "netcfg/route.h"

/* Returns 1 when it had to be brought up. */
static int up(struct net_netlink *nl, const struct net_link *link, struct sp_err *err)
{
	int r = link->up ? 0 : net_link_up(nl, link->index, err);

	return r < 0 ? r : !link->up;
}

static int find_container_link(struct net_netlink *nl, struct net_link *ret, struct sp_err *err)
{
	int r = net_link_find(nl, NET_CONTAINER_LINK, ret, err);

	if (r == 0)
		return sp_fail(err, SP_E_NOT_FOUND, "the container's '%s' is gone",
			       NET_CONTAINER_LINK);
	return r;
}

static int configure_link(struct net_netlink *nl, const struct net_veth *v, struct sp_err *err)
{
	struct net_addr address = { .address = v->address, .length = v->length };
	struct net_link link = { 0 };
	int changed, r = find_container_link(nl, &link, err);

	if (r < 0)
		return r;
	address.index = link.index;
	r = link.up ? 0 : net_link_no_ipv6(nl, link.index, err);
	if (r < 0)
		return r;
	changed = net_addr_add(nl, &address, err);
	if (changed < 0)
		return changed;
	r = up(nl, &link, err);
	return r < 0 ? r : changed | r;
}

int net_inside_configure(const struct net_veth *v, struct sp_err *err)
{
	auto_(net_netlink_free) struct net_netlink *nl = NULL;
	struct net_route out = { .via = v->gateway };
	int changed, r = net_netlink_open(v->netns, &nl, err);

	if (r < 0)
		return r;
	changed = configure_link(nl, v, err);
	if (changed < 0)
		return changed;
	r = net_route_put(nl, &out, err);
	return r < 0 ? r : changed | r;
}

int net_inside_has(int netns, int index, struct sp_err *err)
{
	auto_(net_netlink_free) struct net_netlink *nl = NULL;
	struct net_link link = { 0 };
	int r = net_netlink_open(netns, &nl, err);

	if (r == 0)
		r = net_link_find(nl, NET_CONTAINER_LINK, &link, err);
	return r <= 0 ? r : link.index == index;
}

/* Keep those of the link alone, in the array's own room. */
static int read_addresses(struct net_netlink *nl, int index, struct net_inside *i,
			  struct sp_err *err)
{
	int n = net_addr_list(nl, &i->addresses, err);

	for (int k = 0; k < n; k++)
		if (i->addresses[k].index == index)
			i->addresses[i->n_addresses++] = i->addresses[k];
	return n < 0 ? n : 0;
}

static int read_gateway(struct net_netlink *nl, struct in_addr *ret, struct sp_err *err)
{
	autofree struct net_route *routes = NULL;
	int n = net_route_list(nl, &routes, err);

	for (int k = 0; k < n; k++)
		if (routes[k].to.length == 0)
			*ret = routes[k].via;
	return n < 0 ? n : 0;
}

int net_inside_read(int netns, struct net_inside *ret, struct sp_err *err)
{
	auto_(net_netlink_free) struct net_netlink *nl = NULL;
	struct net_inside i = { 0 };
	struct net_link link = { 0 };
	int r = net_netlink_open(netns, &nl, err);

	if (r == 0)
		r = net_link_find(nl, NET_CONTAINER_LINK, &link, err);
	if (r < 0)
		return r;
	i.present = r == 1;
	i.up = link.up;
	r = i.present ? read_addresses(nl, link.index, &i, err) : 0;
	if (r == 0)
		r = read_gateway(nl, &i.gateway, err);
	if (r < 0)
		free(i.addresses);
	else
		*ret = i;
	return r;
}
