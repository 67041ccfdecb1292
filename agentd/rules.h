/*
 * The node's nftables rules, brought to what the workloads and the peers want by runs of agentd-nft
 * (netcfg/nat.h), of which one is under way at a time.
 *
 * The loop waits for none of them. Who asks is told once a run that began after he asked is over;
 * those who ask meanwhile share the next one. A run that hangs is killed after NET_NFT_PATIENCE_MS,
 * and they are told of that.
 */
#pragma once

#include "base/err.h"
#include "base/list.h"
#include "base/loop.h"

struct agent;
struct watch;

struct rules_wait;
/* r is 0, or -errno with err; the wait is in no list any more. */
typedef void (*rules_fn)(struct rules_wait *wait, int r, const struct sp_err *err);

/* Somebody who waits; embedded in what is his. */
struct rules_wait {
	struct sp_list link; /* the agent's */
	rules_fn fn;
	void *owner;
	bool list; /* asks what is there, and changes nothing */
};

struct rules {
	struct sp_list waiting; /* for the next runs, oldest first */
	struct sp_list served;  /* by the run under way */
	bool wanted;            /* a run that nobody waits for */
	struct watch *answer, *ending;
	struct sp_timer patience;
};

#define RULES_UNDER_WAY 1 /* fn will be called, from the loop */

void rules_init(struct agent *a);
/* As wanted now. 0: they are so already; RULES_UNDER_WAY; -errno. wait NULL: nobody waits, and a
 * failure is logged. */
int rules_apply(struct agent *a, struct rules_wait *wait, struct sp_err *err);
/* So that net_node_read() tells the rules of now. The same results. */
int rules_list(struct agent *a, struct rules_wait *wait, struct sp_err *err);
void rules_wait_init(struct rules_wait *wait, rules_fn fn, void *owner);
void rules_wait_drop(struct rules_wait *wait); /* fn will not be called; as often as one likes */
void rules_close(struct agent *a);             /* tells all who wait that the agent stops */
