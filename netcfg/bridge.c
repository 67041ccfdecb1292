/* The bridge that the containers of a node share; see bridge.h. */
#include "netcfg/bridge.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "base/str.h"
#include "netcfg/addr.h"
#include "netcfg/link.h"

/* Its hardware address is set at birth: else it would follow that of its lowest port. */
static int create(struct net_netlink *nl, const char *name, struct in_addr address,
		  struct sp_err *err)
{
	auto_request struct net_request r;
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	unsigned char mac[NET_LINK_MAC_LEN];
	struct nlattr *nest;

	net_link_mac_of(address, mac);
	net_request_init(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	net_request_str(&r, IFLA_IFNAME, name);
	net_request_put(&r, IFLA_ADDRESS, mac, sizeof(mac));
	nest = net_request_nest(&r, IFLA_LINKINFO);
	net_request_str(&r, IFLA_INFO_KIND, "bridge");
	net_request_unnest(&r, nest);
	return net_netlink_run(nl, &r, err, "create the bridge '%s'", name);
}

/* Find or create; returns 1 when it was created. */
static int ensure_link(struct net_netlink *nl, const char *name, struct in_addr address,
		       struct net_link *ret, struct sp_err *err)
{
	int r = net_link_find(nl, name, ret, err);

	if (r < 0)
		return r;
	if (r && !sp_str_eq(ret->kind, "bridge"))
		return sp_fail(err, SP_E_CONFLICT, "link '%s' exists and is not a bridge", name);
	if (r)
		return 0;
	r = create(nl, name, address, err);
	if (r < 0)
		return r;
	r = net_link_find(nl, name, ret, err);
	if (r == 0)
		return sp_fail(err, SP_E_CONFLICT, "bridge '%s' vanished", name);
	return r < 0 ? r : 1;
}

/* Remove what is on the link besides the wanted address: an earlier subnet of the node. */
static int drop_others(struct net_netlink *nl, const struct net_addr *wanted, struct sp_err *err)
{
	autofree struct net_addr *list = NULL;
	int n = net_addr_list(nl, &list, err), changed = 0;

	for (int i = 0; i < n; i++) {
		int r;

		if (list[i].index != wanted->index ||
		    (list[i].address.s_addr == wanted->address.s_addr &&
		     list[i].length == wanted->length))
			continue;
		r = net_addr_delete(nl, &list[i], err);
		if (r < 0)
			return r;
		changed = 1;
	}
	return n < 0 ? n : changed;
}

static int bring_up(struct net_netlink *nl, const struct net_link *link, struct sp_err *err)
{
	int r;

	if (link->up)
		return 0;
	r = net_link_no_ipv6(nl, link->index, err);
	if (r == 0)
		r = net_link_up(nl, link->index, err);
	return r < 0 ? r : 1;
}

int net_bridge_ensure(struct net_netlink *nl, const char *name, struct in_addr address,
		      uint8_t length, int *ret_index, struct sp_err *err)
{
	struct net_addr wanted = { .address = address, .length = length };
	struct net_link link = { 0 };
	int changed = ensure_link(nl, name, address, &link, err), r;

	if (changed < 0)
		return changed;
	wanted.index = link.index;
	r = drop_others(nl, &wanted, err);
	if (r < 0)
		return r;
	changed |= r;
	r = net_addr_add(nl, &wanted, err);
	if (r < 0)
		return r;
	changed |= r;
	r = bring_up(nl, &link, err);
	*ret_index = link.index;
	return r < 0 ? r : changed | r;
}

int net_bridge_remove(struct net_netlink *nl, const char *name, struct sp_err *err)
{
	struct net_link link = { 0 };
	int r = net_link_find(nl, name, &link, err);

	if (r <= 0 || !sp_str_eq(link.kind, "bridge"))
		return r < 0 ? r : 0;
	r = net_link_delete(nl, name, err);
	return r < 0 ? r : 1;
}

int net_bridge_hairpin(struct net_netlink *nl, int port, struct sp_err *err)
{
	auto_request struct net_request r;
	struct ifinfomsg info = { .ifi_family = AF_BRIDGE, .ifi_index = port };
	struct nlattr *nest;

	net_request_init(&r, RTM_SETLINK, 0, &info, sizeof(info));
	nest = net_request_nest(&r, IFLA_PROTINFO | NLA_F_NESTED);
	net_request_u8(&r, IFLA_BRPORT_MODE, 1);
	net_request_unnest(&r, nest);
	return net_netlink_run(nl, &r, err, "set the mode of bridge port %d", port);
}
