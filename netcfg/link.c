/* Network interfaces; see link.h. */
#include "netcfg/link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/route/link.h>
#include <stdio.h>
#include <string.h>

#define ADDR_GEN_NONE 1 /* IN6_ADDR_GEN_MODE_NONE */

static void copy_text(char *to, size_t room, const char *from)
{
	snprintf(to, room, "%s", from ? from : "");
}

static void read_link(struct rtnl_link *from, struct net_link *to)
{
	*to = (struct net_link){ .index = rtnl_link_get_ifindex(from),
				 .master = rtnl_link_get_master(from),
				 .peer = rtnl_link_get_link(from),
				 .up = rtnl_link_get_flags(from) & IFF_UP };
	copy_text(to->name, sizeof(to->name), rtnl_link_get_name(from));
	copy_text(to->kind, sizeof(to->kind), rtnl_link_get_type(from));
	copy_text(to->alias, sizeof(to->alias), rtnl_link_get_ifalias(from));
}

int net_link_find(struct net_netlink *nl, const char *name, struct net_link *ret,
		  struct sp_err *err)
{
	struct rtnl_link *link;
	int r = rtnl_link_get_kernel(net_netlink_sock(nl), 0, name, &link);

	if (r == -NLE_OBJ_NOTFOUND || r == -NLE_NODEV)
		return 0;
	if (r < 0) {
		net_netlink_fail(err, r, "look up a link");
		return sp_err_prefix(err, "'%s'", name);
	}
	read_link(link, ret);
	rtnl_link_put(link);
	return 1;
}

static int list_links(struct nl_sock *sock, struct nl_cache **ret)
{
	return rtnl_link_alloc_cache(sock, AF_UNSPEC, ret);
}

static bool list_one(struct nl_object *from, void *to)
{
	read_link((struct rtnl_link *)from, to);
	return true;
}

int net_link_list(struct net_netlink *nl, struct net_link **ret, struct sp_err *err)
{
	static const struct net_netlink_listing listing = { "list links", list_links, sizeof(**ret),
							    list_one };
	void *list;
	int n = net_netlink_list(nl, &listing, &list, err);

	if (n >= 0)
		*ret = list;
	return n;
}

static void begin_change(struct net_request *r, int index, unsigned int flags, unsigned int change)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC,
				  .ifi_index = index,
				  .ifi_flags = flags,
				  .ifi_change = change };

	net_request_init(r, RTM_SETLINK, 0, &info, sizeof(info));
}

int net_link_up(struct net_netlink *nl, int index, struct sp_err *err)
{
	auto_request struct net_request r;

	begin_change(&r, index, IFF_UP, IFF_UP);
	return net_netlink_run(nl, &r, err, "set link %d up", index);
}

int net_link_settle(struct net_netlink *nl, int index, struct sp_err *err)
{
	struct rtnl_link *link;
	int r = rtnl_link_get_kernel(net_netlink_sock(nl), index, NULL, &link);

	if (r < 0)
		return net_netlink_fail(err, r, "look up a link");
	rtnl_link_put(link);
	return 0;
}

int net_link_set_alias(struct net_netlink *nl, int index, const char *alias, struct sp_err *err)
{
	auto_request struct net_request r;

	begin_change(&r, index, 0, 0);
	net_request_put(&r, IFLA_IFALIAS, alias, strlen(alias));
	return net_netlink_run(nl, &r, err, "name the owner of link %d", index);
}

int net_link_no_ipv6(struct net_netlink *nl, int index, struct sp_err *err)
{
	auto_request struct net_request r;
	struct nlattr *spec, *inet6;
	int error;

	begin_change(&r, index, 0, 0);
	spec = net_request_nest(&r, IFLA_AF_SPEC);
	inet6 = net_request_nest(&r, AF_INET6);
	net_request_u8(&r, IFLA_INET6_ADDR_GEN_MODE, ADDR_GEN_NONE);
	net_request_unnest(&r, inet6);
	net_request_unnest(&r, spec);
	error = net_netlink_run(nl, &r, err, "keep link %d without an IPv6 address", index);
	return error == -EAFNOSUPPORT ? 0 : error; /* a kernel without IPv6 */
}

int net_link_delete(struct net_netlink *nl, const char *name, struct sp_err *err)
{
	auto_request struct net_request r;
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct sp_err why;
	int error;

	net_request_init(&r, RTM_DELLINK, 0, &info, sizeof(info));
	net_request_str(&r, IFLA_IFNAME, name);
	error = net_netlink_run(nl, &r, &why, "delete link '%s'", name);
	if (error == -ENODEV)
		return 0;
	if (error < 0 && err)
		*err = why;
	return error;
}

void net_link_mac_of(struct in_addr address, unsigned char ret[NET_LINK_MAC_LEN])
{
	static const unsigned char prefix[2] = { 0x02, 0x53 };

	memcpy(ret, prefix, sizeof(prefix));
	memcpy(ret + sizeof(prefix), &address.s_addr, sizeof(address.s_addr));
}
