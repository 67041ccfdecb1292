/* IPv4 routes; see route.h. */
#include "netcfg/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdlib.h>
#include <string.h>

static void build(struct net_request *r, const struct net_route *route, int type, int flags)
{
	struct rtmsg info = { .rtm_family = AF_INET,
			      .rtm_dst_len = route->to.length,
			      .rtm_table = RT_TABLE_MAIN,
			      .rtm_protocol = NET_ROUTE_PROTOCOL,
			      .rtm_scope = RT_SCOPE_UNIVERSE,
			      .rtm_type = RTN_UNICAST };

	net_request_init(r, type, flags, &info, sizeof(info));
	if (route->to.length)
		net_request_put(r, RTA_DST, &route->to.network, sizeof(route->to.network));
	net_request_put(r, RTA_GATEWAY, &route->via, sizeof(route->via));
}

int net_route_put(struct net_netlink *nl, const struct net_route *route, struct sp_err *err)
{
	auto_request struct net_request r;
	char to[NET_PREFIX_TEXT_MAX], via[INET_ADDRSTRLEN];

	net_prefix_format(&route->to, to);
	net_address_format(route->via, via);
	build(&r, route, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	return net_netlink_run(nl, &r, err, "route to %s by %s", to, via);
}

int net_route_delete(struct net_netlink *nl, const struct net_route *route, struct sp_err *err)
{
	auto_request struct net_request r;
	char to[NET_PREFIX_TEXT_MAX];
	struct sp_err why;
	int error;

	net_prefix_format(&route->to, to);
	build(&r, route, RTM_DELROUTE, 0);
	error = net_netlink_run(nl, &r, &why, "remove the route to %s", to);
	if (error == -ESRCH)
		return 0; /* gone already, as when its link went down */
	if (error < 0 && err)
		*err = why;
	return error;
}

static bool read_route(struct rtnl_route *from, struct net_route *to)
{
	struct rtnl_nexthop *hop = rtnl_route_nexthop_n(from, 0);
	struct nl_addr *dst = rtnl_route_get_dst(from);
	struct nl_addr *via = hop ? rtnl_route_nh_get_gateway(hop) : NULL;

	if (rtnl_route_get_protocol(from) != NET_ROUTE_PROTOCOL || !dst || !via ||
	    rtnl_route_get_table(from) != RT_TABLE_MAIN || nl_addr_get_len(via) != sizeof(to->via))
		return false;
	*to = (struct net_route){ .to.length = (uint8_t)nl_addr_get_prefixlen(dst) };
	if (nl_addr_get_len(dst) == sizeof(to->to.network))
		memcpy(&to->to.network, nl_addr_get_binary_addr(dst), sizeof(to->to.network));
	memcpy(&to->via, nl_addr_get_binary_addr(via), sizeof(to->via));
	return true;
}

/* Made and filled by two calls: the one that does both (libnl 3.7) leaks its table when the kernel
 * does not answer. */
static int list_routes(struct nl_sock *sock, struct nl_cache **ret)
{
	struct nl_cache *cache = NULL;
	int r = rtnl_route_alloc_cache(NULL, AF_INET, 0, &cache);

	if (r == 0)
		r = nl_cache_refill(sock, cache);
	if (r < 0)
		nl_cache_free(cache);
	else
		*ret = cache;
	return r;
}

static bool list_one(struct nl_object *from, void *to)
{
	return read_route((struct rtnl_route *)from, to);
}

int net_route_list(struct net_netlink *nl, struct net_route **ret, struct sp_err *err)
{
	static const struct net_netlink_listing listing = { "list routes", list_routes,
							    sizeof(**ret), list_one };
	void *list;
	int n = net_netlink_list(nl, &listing, &list, err);

	if (n >= 0)
		*ret = list;
	return n;
}
