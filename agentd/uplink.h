/*
 * What the kernel took from the node's network when a link of the node went away, put back when one
 * returns: the routes to the other nodes.
 *
 * The rule. A link that goes down, or loses its address, takes the routes over it along; nobody
 * meant to remove them, so they come back by themselves. What somebody changed while the links
 * stayed (a route deleted, a rule, the bridge or its address, a workload's link, the nftables table
 * flushed) is drift: it is found by `ctl drift detect` and put right by a fix, never behind the
 * back of whoever is looking into it. So routes are put back only when something was lost before,
 * or when a peer could not be reached at the last apply (an uplink that gets its address late).
 *
 * Of messages that the kernel had to drop, and of those that came while the socket was broken and
 * opened again, the worst is believed: something was lost, and is back.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/loop.h"

struct agent;
struct watch;

struct uplink {
	int fd; /* -1: broken, until `again` */
	struct watch *watch;
	struct sp_timer settle; /* links come back in bursts */
	struct sp_timer again;
	int64_t delay_ns;    /* before the socket is opened again */
	bool lost;           /* routes may be missing */
	char link[IFNAMSIZ]; /* the one that came back last */
};

int uplink_open(struct agent *a, struct sp_err *err);
void uplink_close(struct agent *a); /* also when it was never opened */
