/* IPv4 addresses of links; see addr.h. */
#include "netcfg/addr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/route/addr.h>
#include <stdlib.h>
#include <string.h>

static int change(struct net_netlink *nl, const struct net_addr *a, int type, int flags,
		  struct sp_err *err)
{
	auto_request struct net_request r;
	struct ifaddrmsg info = { .ifa_family = AF_INET,
				  .ifa_prefixlen = a->length,
				  .ifa_scope = RT_SCOPE_UNIVERSE,
				  .ifa_index = (unsigned int)a->index };
	struct net_prefix p = net_prefix_of(a->address, a->length);
	struct in_addr broadcast = net_prefix_nth(&p, UINT32_MAX >> a->length);
	char text[INET_ADDRSTRLEN];

	net_request_init(&r, type, flags, &info, sizeof(info));
	net_request_put(&r, IFA_LOCAL, &a->address, sizeof(a->address));
	net_request_put(&r, IFA_ADDRESS, &a->address, sizeof(a->address));
	if (type == RTM_NEWADDR && a->length < 31)
		net_request_put(&r, IFA_BROADCAST, &broadcast, sizeof(broadcast));
	net_address_format(a->address, text);
	return net_netlink_run(nl, &r, err, "%s %s/%u on link %d",
			       type == RTM_NEWADDR ? "add" : "remove", text, a->length, a->index);
}

int net_addr_add(struct net_netlink *nl, const struct net_addr *a, struct sp_err *err)
{
	struct sp_err why;
	int r = change(nl, a, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &why);

	if (r == -EEXIST)
		return 0;
	if (r < 0 && err)
		*err = why;
	return r < 0 ? r : 1;
}

int net_addr_delete(struct net_netlink *nl, const struct net_addr *a, struct sp_err *err)
{
	return change(nl, a, RTM_DELADDR, 0, err);
}

static bool read_addr(struct rtnl_addr *from, struct net_addr *to)
{
	struct nl_addr *local = rtnl_addr_get_local(from);

	if (!local || rtnl_addr_get_family(from) != AF_INET ||
	    nl_addr_get_len(local) != sizeof(to->address))
		return false;
	to->index = rtnl_addr_get_ifindex(from);
	to->length = (uint8_t)rtnl_addr_get_prefixlen(from);
	memcpy(&to->address, nl_addr_get_binary_addr(local), sizeof(to->address));
	return true;
}

static bool list_one(struct nl_object *from, void *to)
{
	return read_addr((struct rtnl_addr *)from, to);
}

int net_addr_list(struct net_netlink *nl, struct net_addr **ret, struct sp_err *err)
{
	static const struct net_netlink_listing listing = { "list addresses", rtnl_addr_alloc_cache,
							    sizeof(**ret), list_one };
	void *list;
	int n = net_netlink_list(nl, &listing, &list, err);

	if (n >= 0)
		*ret = list;
	return n;
}
