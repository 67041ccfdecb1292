/* The pair of a container; see veth.h. */
#include "netcfg/veth.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/str.h"
#include "netcfg/bridge.h"
#include "netcfg/inside.h"

/* What follows the prefix: as many digits of the digest as a link's name has room for. */
#define NAME_DIGITS ((int)(IFNAMSIZ - sizeof(NET_VETH_PREFIX)))

int net_veth_name(const char *workload, char ret[IFNAMSIZ], struct sp_err *err)
{
	char digest[SP_DIGEST_MAX];
	int r;

	if (!sp_id_valid(workload))
		return sp_fail(err, SP_E_INVALID, "'%s' is not a workload id", workload);
	r = sp_digest_of(workload, strlen(workload), digest, err);
	if (r == 0)
		snprintf(ret, IFNAMSIZ, NET_VETH_PREFIX "%.*s", NAME_DIGITS, sp_digest_hex(digest));
	return r;
}

bool net_veth_is_ours(const struct net_link *link)
{
	return sp_str_eq(link->kind, "veth") && sp_str_starts(link->name, NET_VETH_PREFIX) &&
	       strlen(link->name) == IFNAMSIZ - 1;
}

/* The kernel would prepare a queue for each CPU, and then use one. */
static void ask_for_one_queue(struct net_request *r)
{
	net_request_u32(r, IFLA_NUM_TX_QUEUES, 1);
	net_request_u32(r, IFLA_NUM_RX_QUEUES, 1);
}

/* The far end's description sits in the request where a link's header would. */
static void describe_far_end(struct net_request *r, const struct net_veth *v)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	unsigned char mac[NET_LINK_MAC_LEN];
	struct nlattr *peer = net_request_nest(r, VETH_INFO_PEER);

	net_link_mac_of(v->address, mac);
	net_request_raw(r, &info, sizeof(info));
	net_request_str(r, IFLA_IFNAME, NET_CONTAINER_LINK);
	net_request_put(r, IFLA_ADDRESS, mac, sizeof(mac));
	net_request_u32(r, IFLA_NET_NS_FD, (uint32_t)v->netns);
	ask_for_one_queue(r);
	net_request_unnest(r, peer);
}

static int create(struct net_netlink *nl, const struct net_veth *v, const char *name,
		  struct sp_err *err)
{
	auto_request struct net_request r;
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct nlattr *link_info, *data;

	net_request_init(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	net_request_str(&r, IFLA_IFNAME, name);
	net_request_u32(&r, IFLA_MASTER, (uint32_t)v->bridge);
	ask_for_one_queue(&r);
	link_info = net_request_nest(&r, IFLA_LINKINFO);
	net_request_str(&r, IFLA_INFO_KIND, "veth");
	data = net_request_nest(&r, IFLA_INFO_DATA);
	describe_far_end(&r, v);
	net_request_unnest(&r, data);
	net_request_unnest(&r, link_info);
	return net_netlink_run(nl, &r, err, "create the link of workload '%s'", v->workload);
}

/*
 * The owner's name first: a pair that bears none was not finished. The container's end goes up
 * after the node's, and so can send at once; the port and the bridge are waited for, else the
 * container's first packet may be lost and its connection a second late.
 */
static int finish(struct net_netlink *nl, const struct net_veth *v, const struct net_link *link,
		  struct sp_err *err)
{
	int r = net_link_set_alias(nl, link->index, v->workload, err);

	if (r == 0)
		r = net_link_no_ipv6(nl, link->index, err);
	if (r == 0)
		r = net_bridge_hairpin(nl, link->index, err);
	if (r == 0)
		r = net_link_up(nl, link->index, err);
	if (r == 0)
		r = net_inside_configure(v, err);
	if (r >= 0)
		r = net_link_settle(nl, link->index, err);
	if (r == 0)
		r = net_link_settle(nl, v->bridge, err);
	return r;
}

/* Is the pair that is there complete, on this bridge, and does it lead to this container? */
static int is_whole(const struct net_veth *v, const struct net_link *link, struct sp_err *err)
{
	if (!net_veth_is_ours(link) || !link->up || link->master != v->bridge ||
	    !sp_str_eq(link->alias, v->workload))
		return 0;
	return net_inside_has(v->netns, link->peer, err);
}

/* Configure the pair that create() just made; on failure nothing of it stays. */
static int complete(struct net_netlink *nl, const struct net_veth *v, const char *name,
		    struct sp_err *err)
{
	struct net_link link = { 0 };
	int r = net_link_find(nl, name, &link, err);

	if (r == 0)
		return sp_fail(err, SP_E_CONFLICT, "link '%s' of workload '%s' vanished", name,
			       v->workload);
	if (r > 0)
		r = finish(nl, v, &link, err);
	if (r < 0)
		net_link_delete(nl, name, NULL);
	return r < 0 ? r : 1;
}

/* A pair of that name is there: keep it if it is whole. Returns 1 when it was removed. */
static int keep_or_remove(struct net_netlink *nl, const struct net_veth *v, const char *name,
			  struct sp_err *err)
{
	struct net_link link = { 0 };
	int r = net_link_find(nl, name, &link, err);

	if (r <= 0)
		return r < 0 ? r : 1;
	r = is_whole(v, &link, err);
	if (r)
		return r < 0 ? r : 0;
	r = net_link_delete(nl, link.name, err);
	return r < 0 ? r : 1;
}

int net_veth_attach(struct net_netlink *nl, const struct net_veth *v, struct sp_err *err)
{
	char name[IFNAMSIZ];
	struct sp_err why;
	int r = net_veth_name(v->workload, name, err);

	if (r < 0)
		return r;
	r = create(nl, v, name, &why);
	if (r == -EEXIST) {
		r = keep_or_remove(nl, v, name, err);
		if (r <= 0)
			return r < 0 ? r : net_inside_configure(v, err);
		r = create(nl, v, name, &why);
	}
	if (r == 0)
		return complete(nl, v, name, err);
	if (err)
		*err = why;
	return r;
}

/* A link of ours that bears the workload's name as alias, whatever it is called itself. */
static int find_by_alias(struct net_netlink *nl, const char *workload, struct net_link *ret,
			 struct sp_err *err)
{
	autofree struct net_link *links = NULL;
	int n = net_link_list(nl, &links, err);

	for (int i = 0; i < n; i++)
		if (net_veth_is_ours(&links[i]) && sp_str_eq(links[i].alias, workload)) {
			*ret = links[i];
			return 1;
		}
	return n < 0 ? n : 0;
}

int net_veth_detach(struct net_netlink *nl, const char *workload, struct sp_err *err)
{
	char name[IFNAMSIZ];
	struct net_link link = { 0 };
	int r = net_veth_name(workload, name, err);

	if (r < 0)
		return r;
	r = net_link_find(nl, name, &link, err);
	if (r == 0 && strlen(workload) < IFNAMSIZ)
		r = net_link_find(nl, workload, &link, err);
	if (r == 0)
		r = find_by_alias(nl, workload, &link, err);
	if (r <= 0 || !net_veth_is_ours(&link))
		return r < 0 ? r : 0;
	r = net_link_delete(nl, link.name, err);
	return r < 0 ? r : 1;
}
