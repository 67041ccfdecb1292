/* Network interfaces: what they are, and the few changes that all kinds share. */
#pragma once

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "netcfg/netlink.h"

#define NET_LINK_ALIAS_MAX 64 /* an sp_id and its NUL */
#define NET_LINK_MAC_LEN   6

struct net_link {
	int index;
	char name[IFNAMSIZ];
	char kind[16];                  /* "bridge", "veth", "" for hardware and lo */
	char alias[NET_LINK_ALIAS_MAX]; /* IFLA_IFALIAS; "" if there is none */
	int master;                     /* index of the bridge it is a port of, or 0 */
	int peer;                       /* a veth: index of the other end, in its own namespace */
	bool up;                        /* set to be up */
};

/* Returns 1 and fills ret, or 0 when there is no such link. */
int net_link_find(struct net_netlink *nl, const char *name, struct net_link *ret,
		  struct sp_err *err);

/* Every link of the namespace in an array the caller frees; returns how many. */
int net_link_list(struct net_netlink *nl, struct net_link **ret, struct sp_err *err);

int net_link_up(struct net_netlink *nl, int index, struct sp_err *err);
/* Let what follows from a new carrier be done before packets are sent: Linux finishes it before it
 * answers for a link since 6.8; before that it follows on its own, soon. */
int net_link_settle(struct net_netlink *nl, int index, struct sp_err *err);
int net_link_set_alias(struct net_netlink *nl, int index, const char *alias, struct sp_err *err);
/* No IPv6 address of its own when it comes up: nothing here speaks it, and it would go unfiltered.
 */
int net_link_no_ipv6(struct net_netlink *nl, int index, struct sp_err *err);
int net_link_delete(struct net_netlink *nl, const char *name,
		    struct sp_err *err); /* gone already: 0 */

/*
 * A hardware address that follows from an IPv4 address, locally administered: a container that
 * comes back with its address is known to its neighbours at once, without their caches expiring.
 */
void net_link_mac_of(struct in_addr address, unsigned char ret[NET_LINK_MAC_LEN]);
