/*
 * A connection to the kernel's rtnetlink (rtnetlink(7)) in one network namespace: the one it was
 * made in, for good. Requests are answered one by one; a refusal carries the kernel's own words
 * when it has some (extended acknowledgement).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "netcfg/request.h"

struct net_netlink;
struct nl_cache;
struct nl_object;
struct nl_sock;

int net_netlink_open(int netns, struct net_netlink **ret,
		     struct sp_err *err);      /* -1: the caller's */
void net_netlink_free(struct net_netlink *nl); /* takes NULL */
SP_AUTO(struct net_netlink *, net_netlink_free)

/* Send and wait for the verdict. Returns 0, or -errno with err naming `what` and the reason. */
int net_netlink_run(struct net_netlink *nl, struct net_request *r, struct sp_err *err,
		    const char *what, ...) __attribute__((format(printf, 4, 5)));

/* How one kind of object is listed: by which of libnl-route's cache allocators, and what of each
 * object is ours. */
struct net_netlink_listing {
	const char *what; /* "list routes" */
	int (*alloc_cache)(struct nl_sock *sock, struct nl_cache **ret);
	size_t size;                                    /* of one entry */
	bool (*read)(struct nl_object *from, void *to); /* false: of no interest */
};

/* The entries, as an array that the caller frees, and their number. Asked again when the kernel
 * says that the table changed meanwhile. */
int net_netlink_list(struct net_netlink *nl, const struct net_netlink_listing *l, void **ret,
		     struct sp_err *err);

struct nl_sock *net_netlink_sock(struct net_netlink *nl); /* for libnl-route's single look-ups */
int net_netlink_fail(struct sp_err *err, int nl_error,
		     const char *what); /* -errno of a libnl error */
