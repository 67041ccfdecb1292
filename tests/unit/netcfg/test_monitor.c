/* News of the node's links: told of those that are the node's own, silent on ours and on what loses
 * nothing. */
#include <linux/netlink.h>

#include "netcfg/link.h"
#include "netcfg/monitor.h"
#include "tests/unit/netcfg/world.h"

static struct net_netlink *nl;
static int monitor = -1;
static char link_name[IFNAMSIZ];

static void set_up(void)
{
	world_enter();
	world_cable("lan0", "192.168.56.11", world_netns(), "192.168.56.1");
	must(net_netlink_open(-1, &nl, &err));
	monitor = must(net_monitor_open(&err));
}

static void tear_down(void)
{
	net_netlink_free(nl);
	sp_close(&monitor);
}

TestSuite(monitor, .init = set_up, .fini = tear_down);

static int news(void)
{
	return must(net_monitor_read(monitor, link_name, &err));
}

static int index_of(const char *name)
{
	struct net_link link;

	cr_assert_eq(must(net_link_find(nl, name, &link, &err)), 1, "%s", name);
	return link.index;
}

static void set_down(const char *name)
{
	struct net_request r;
	struct ifinfomsg info = { .ifi_index = index_of(name), .ifi_change = IFF_UP };

	net_request_init(&r, RTM_SETLINK, 0, &info, sizeof(info));
	must(net_netlink_run(nl, &r, &err, "down"));
	net_request_fini(&r);
}

Test(monitor, a_link_that_goes_down_and_comes_up_is_news_each_time)
{
	cr_expect_eq(news(), 0);
	set_down("lan0");
	cr_expect_eq(news(), NET_NEWS_GONE);
	cr_expect_eq(news(), 0);
	must(net_link_up(nl, index_of("lan0"), &err));
	cr_expect_eq(news(), NET_NEWS_BACK);
	cr_expect_str_eq(link_name, "lan0");
	must(net_link_set_alias(nl, index_of("lan0"), "uplink", &err));
	must(net_link_up(nl, index_of("lan0"), &err));
	cr_expect_eq(news(), 0);
}

Test(monitor, an_address_that_goes_and_comes_is_news)
{
	struct net_addr a = { index_of("lan0"), ip("192.168.56.11"), 24 };

	must(net_addr_delete(nl, &a, &err));
	cr_expect_eq(news(), NET_NEWS_GONE);
	must(net_addr_add(nl, &a, &err));
	cr_expect_eq(news(), NET_NEWS_BACK);
	cr_expect_str_eq(link_name, "lan0");
}

Test(monitor, a_link_that_is_taken_out_and_put_in_again_is_news)
{
	must(net_link_delete(nl, "lan0", &err));
	cr_expect_eq(news(), NET_NEWS_GONE);
	world_cable("lan0", "192.168.56.11", world_netns(), "192.168.56.1");
	cr_expect_eq(news(), NET_NEWS_BACK);
	cr_expect_str_eq(link_name, "lan0");
}

Test(monitor, the_bridge_and_the_pairs_of_workloads_are_no_news)
{
	struct net_plan plan = { .subnet = prefix("10.90.1.0/24") };
	struct net_attachment a = { "web", world_netns(), ip("10.90.1.2") };
	struct net_node *node = NULL;

	must(net_node_open(world_nft(), &node, &err));
	must(net_node_apply(node, &plan, &err));
	must(net_node_attach(node, &a, &err));
	set_down(NET_BRIDGE);
	must(net_link_up(nl, index_of(NET_BRIDGE), &err));
	must(net_node_detach(node, "web", &err));
	must(net_node_remove(node, &err));
	cr_expect_eq(news(), 0, "%s", link_name);
	net_node_free(node);
}

Test(monitor, messages_that_the_kernel_dropped_count_as_gone_and_back)
{
	int least = 0;

	cr_assert_eq(setsockopt(monitor, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)), 0);
	for (int i = 0; i < 8; i++) {
		set_down("lan0");
		must(net_link_up(nl, index_of("lan0"), &err));
	}
	cr_expect_eq(news(), NET_NEWS_GONE | NET_NEWS_BACK);
	cr_expect_eq(news(), 0);
}

/* Anybody may send to a netlink socket by its port. */
Test(monitor, what_does_not_come_from_the_kernel_is_not_believed)
{
	struct {
		struct nlmsghdr h;
		struct ifaddrmsg a;
	} forged = { { .nlmsg_len = sizeof(forged), .nlmsg_type = RTM_NEWADDR }, { 0 } };
	struct sockaddr_nl to = { 0 };
	socklen_t len = sizeof(to);
	autoclose int sender = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	cr_assert_eq(getsockname(monitor, (struct sockaddr *)&to, &len), 0);
	cr_assert_eq(sendto(sender, &forged, sizeof(forged), 0, (struct sockaddr *)&to, len),
		     (ssize_t)sizeof(forged), "%s", strerror(errno));
	cr_expect_eq(news(), 0);
}
