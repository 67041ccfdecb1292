/* A little world to test networks in: namespaces of its own, links between them, TCP across them.
 */
#pragma once

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/fd.h"
#include "netcfg/addr.h"
#include "netcfg/inside.h"
#include "netcfg/netns.h"
#include "netcfg/nft_task.h"
#include "netcfg/node.h"
#include "netcfg/route.h"
#include "netcfg/sysctl.h"

#define WORLD_PATIENCE_MS 300  /* for what must not get through */
#define WORLD_TRUST_MS    5000 /* for what must, on a busy machine */

#define must(expr)                                                     \
	({                                                             \
		struct sp_err err = { 0 };                             \
		int must_ = (expr);                                    \
		cr_assert_geq(must_, 0, "%s: %s", #expr, err.message); \
		must_;                                                 \
	})

static inline struct in_addr ip(const char *s)
{
	struct in_addr a = { 0 };

	cr_assert_eq(net_address_parse(s, &a, NULL), 0, "%s", s);
	return a;
}

static inline struct net_prefix prefix(const char *s)
{
	struct net_prefix p = { 0 };

	cr_assert_eq(net_prefix_parse(s, &p, NULL), 0, "%s", s);
	return p;
}

/* The agentd-nft of the build directory that this test was built in. */
static inline const char *world_nft(void)
{
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *tests;

	cr_assert_gt(n, 0);
	path[n] = '\0';
	tests = strstr(path, "/tests/unit/");
	cr_assert(tests, "'%s' is not below a build directory", path);
	snprintf(tests, (size_t)(path + sizeof(path) - tests), "/bin/" NET_NFT_PROGRAM);
	return path;
}

/* A link up in the caller's namespace. */
static inline void world_up(const char *name)
{
	struct net_netlink *nl = NULL;
	struct net_link link;

	must(net_netlink_open(-1, &nl, &err));
	cr_assert_eq(must(net_link_find(nl, name, &link, &err)), 1, "%s", name);
	must(net_link_up(nl, link.index, &err));
	net_netlink_free(nl);
}

/* From here on the test is a node in a network of its own. */
static inline void world_enter(void)
{
	cr_assert_eq(unshare(CLONE_NEWNET | CLONE_NEWNS), 0, "%s", strerror(errno));
	cr_assert_eq(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
	world_up("lo");
}

static inline int world_here(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	return fd;
}

/* One more namespace, as an fd. */
static inline int world_netns(void)
{
	autoclose int home = world_here();
	int fd;

	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	fd = world_here();
	cr_assert_eq(setns(home, CLONE_NEWNET), 0);
	return fd;
}

static inline void world_address(int netns, const char *link_name, const char *address)
{
	struct net_netlink *nl = NULL;
	struct net_link link;
	struct net_addr a = { .address = ip(address), .length = 24 };

	must(net_netlink_open(netns, &nl, &err));
	cr_assert_eq(must(net_link_find(nl, link_name, &link, &err)), 1);
	a.index = link.index;
	must(net_addr_add(nl, &a, &err));
	must(net_link_up(nl, link.index, &err));
	net_netlink_free(nl);
}

/* A cable: link name here with address here, "lan" there with address there (both /24). */
static inline void world_cable(const char *name, const char *here, int netns, const char *there)
{
	struct net_request r;
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct net_netlink *nl = NULL;
	struct nlattr *a, *b, *c;

	must(net_netlink_open(-1, &nl, &err));
	net_request_init(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	net_request_str(&r, IFLA_IFNAME, name);
	a = net_request_nest(&r, IFLA_LINKINFO);
	net_request_str(&r, IFLA_INFO_KIND, "veth");
	b = net_request_nest(&r, IFLA_INFO_DATA);
	c = net_request_nest(&r, VETH_INFO_PEER);
	net_request_raw(&r, &info, sizeof(info));
	net_request_str(&r, IFLA_IFNAME, "lan");
	net_request_u32(&r, IFLA_NET_NS_FD, (uint32_t)netns);
	net_request_unnest(&r, c);
	net_request_unnest(&r, b);
	net_request_unnest(&r, a);
	must(net_netlink_run(nl, &r, &err, "cable"));
	net_request_fini(&r);
	net_netlink_free(nl);
	world_address(-1, name, here);
	world_address(netns, "lan", there);
}

static inline void world_patience(int fd, int ms)
{
	struct timeval patience = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static inline void world_route(int netns, const char *to, const char *via)
{
	struct net_netlink *nl = NULL;
	struct net_route route = { .to = prefix(to), .via = ip(via) };

	must(net_netlink_open(netns, &nl, &err));
	must(net_route_put(nl, &route, &err));
	net_netlink_free(nl);
}

/* Everything that a network is, in one text: links, addresses, routes and rules. */
static inline char *world_state(void)
{
	struct sp_buf out = SP_BUF_INIT;
	struct net_netlink *nl = NULL;
	struct net_link *links;
	struct net_addr *addrs;
	struct net_route *routes;
	int n;

	must(net_netlink_open(-1, &nl, &err));
	n = must(net_link_list(nl, &links, &err));
	for (int i = 0; i < n; i++)
		sp_buf_printf(&out, "link %d %s %s %s %d %d\n", links[i].index, links[i].name,
			      links[i].kind, links[i].alias, links[i].master, links[i].up);
	n = must(net_addr_list(nl, &addrs, &err));
	for (int i = 0; i < n; i++)
		sp_buf_printf(&out, "addr %d %x/%d\n", addrs[i].index, addrs[i].address.s_addr,
			      addrs[i].length);
	n = must(net_route_list(nl, &routes, &err));
	for (int i = 0; i < n; i++)
		sp_buf_printf(&out, "route %x/%d %x\n", routes[i].to.network.s_addr,
			      routes[i].to.length, routes[i].via.s_addr);
	free(links);
	free(addrs);
	free(routes);
	net_netlink_free(nl);
	return sp_buf_take(&out);
}

static inline struct sockaddr_in world_sockaddr(const char *address, uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr = ip(address) };
}

/* A service of a namespace; type SOCK_STREAM or SOCK_DGRAM. */
static inline int world_listen(int netns, int type, uint16_t port)
{
	struct sockaddr_in to = world_sockaddr("0.0.0.0", port);
	int on = 1, fd = must(net_netns_socket(netns, AF_INET, type, 0, &err));

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	world_patience(fd, WORLD_TRUST_MS);
	cr_assert_eq(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0, "%s", strerror(errno));
	cr_assert(type == SOCK_DGRAM || listen(fd, 8) == 0);
	return fd;
}

/*
 * Call address:port from a namespace, and let the service answer over what it got. Says whether the
 * greeting came through both ways, and which address the service saw.
 */
static inline bool world_call(int netns, const char *address, uint16_t port, int service,
			      int patience_ms, char ret_seen[INET_ADDRSTRLEN])
{
	struct sockaddr_in to = world_sockaddr(address, port), from = { 0 };
	autoclose int caller = must(net_netns_socket(netns, AF_INET, SOCK_STREAM, 0, &err));
	autoclose int called = -1;
	socklen_t len = sizeof(from);
	char greeting[6] = "";

	world_patience(caller, patience_ms);
	if (connect(caller, (struct sockaddr *)&to, sizeof(to)) < 0)
		return false;
	called = accept4(service, (struct sockaddr *)&from, &len, SOCK_CLOEXEC);
	if (called < 0 || write(called, "hello", 5) != 5 || read(caller, greeting, 5) != 5)
		return false;
	net_address_format(from.sin_addr, ret_seen);
	return !strcmp(greeting, "hello");
}
