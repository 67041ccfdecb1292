/* News of the node's own links; see monitor.h. */
#include "netcfg/monitor.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "netcfg/plan.h"
#include "netcfg/veth.h"

#define MESSAGE_MAX (16 << 10) /* a link's description takes about two kilobytes */

int net_monitor_open(struct sp_err *err)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK,
				  .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR };
	autoclose int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return sp_fail_errno(err, errno, "listen to rtnetlink");
	return take_fd(fd);
}

/* The bridge, and what bears the prefix of the pairs. */
static bool is_ours(const char *link)
{
	return sp_str_eq(link, NET_BRIDGE) || sp_str_starts(link, NET_VETH_PREFIX);
}

/* The message's attribute that bears a link's name; an address has it as its label. */
static const char *name_of(struct nlmsghdr *h, int header, int attribute)
{
	struct nlattr *a = nlmsg_find_attr(h, header, attribute);

	return a ? nla_get_string(a) : "";
}

/* All flags of a link that was just made count as changed. */
static int link_news(const struct nlmsghdr *h, const struct ifinfomsg *info)
{
	if (h->nlmsg_type == RTM_DELLINK)
		return NET_NEWS_GONE;
	if (!(info->ifi_change & IFF_UP))
		return 0;
	if (info->ifi_flags & IFF_UP)
		return NET_NEWS_BACK;
	return info->ifi_change == ~0U ? 0 : NET_NEWS_GONE;
}

static int news_of(struct nlmsghdr *h, const char **ret_link)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		*ret_link = name_of(h, sizeof(struct ifinfomsg), IFLA_IFNAME);
		return link_news(h, nlmsg_data(h));
	case RTM_NEWADDR:
	case RTM_DELADDR:
		*ret_link = name_of(h, sizeof(struct ifaddrmsg), IFA_LABEL);
		return h->nlmsg_type == RTM_NEWADDR ? NET_NEWS_BACK : NET_NEWS_GONE;
	default:
		return 0;
	}
}

static int read_messages(struct nlmsghdr *h, int left, char link[IFNAMSIZ])
{
	int news = 0;

	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
		const char *name = "";
		int one = news_of(h, &name);

		if (is_ours(name))
			continue;
		news |= one;
		if (one & NET_NEWS_BACK)
			snprintf(link, IFNAMSIZ, "%s", name);
	}
	return news;
}

/* Any process may send to the socket; the kernel's address is 0. */
static bool is_from_kernel(const struct msghdr *m, const struct sockaddr_nl *from)
{
	return m->msg_namelen == sizeof(*from) && from->nl_pid == 0;
}

int net_monitor_read(int fd, char ret_link[IFNAMSIZ], struct sp_err *err)
{
	union {
		struct nlmsghdr first;
		char bytes[MESSAGE_MAX];
	} room;
	int news = 0;

	ret_link[0] = '\0';
	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct iovec to = { &room, sizeof(room) };
		struct msghdr m = { .msg_name = &from,
				    .msg_namelen = sizeof(from),
				    .msg_iov = &to,
				    .msg_iovlen = 1 };
		ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return news;
		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			return sp_fail_errno(err, errno, "listen to rtnetlink");
		if (n < 0 || m.msg_flags & MSG_TRUNC)
			news |= n < 0 && errno == EINTR ? 0 : NET_NEWS_GONE | NET_NEWS_BACK;
		else if (is_from_kernel(&m, &from))
			news |= read_messages(&room.first, (int)n, ret_link);
	}
}
