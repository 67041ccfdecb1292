/*
 * News of the node's own links and addresses (rtnetlink(7), the groups LINK and IPV4_IFADDR): when
 * a link goes down or an address goes, the kernel drops every IPv4 route that leads over it,
 * without a word, and puts none of them back when the link returns. The bridge and the pairs of
 * netcfg are left out, and so are changes that lose or bring nothing.
 */
#pragma once

#include <net/if.h>

#include "base/err.h"

enum {
	NET_NEWS_GONE = 1, /* a link went down or away, or lost an IPv4 address */
	NET_NEWS_BACK = 2, /* a link went up, or got an IPv4 address */
};

/* A socket of the caller's network namespace that becomes readable with news; the caller owns it.
 */
int net_monitor_open(struct sp_err *err);

/*
 * Take all that has come, without waiting. Returns NET_NEWS_* bits, 0 for nothing of interest; both
 * when the kernel had to drop messages. With NET_NEWS_BACK, ret_link is the last link that came
 * back, "" if it is not known.
 */
int net_monitor_read(int fd, char ret_link[IFNAMSIZ], struct sp_err *err);
