/*
 * The node's one nftables table, kept as ruleset.h writes it. Each change is one transaction, done
 * by a run of agentd-nft (nft.h); so is reading it, but only when somebody has changed a rule
 * since.
 *
 * Those of UDP that talk through a published port go on doing so for as long as they send: where a
 * port leads to another container, or is new, what the kernel remembers of them (conntrack) is
 * dropped along with the change.
 *
 * A loop begins, waits for the descriptor, and goes on until it is done; the others wait here.
 */
#pragma once

#include "base/mem.h"
#include "netcfg/plan.h"

struct net_nat;

enum {
	NET_NAT_DONE = 0,
	NET_NAT_CHANGED = 1,   /* done, and the table was another before */
	NET_NAT_UNDER_WAY = 2, /* a run has been begun; no other until it is over */
};

/* Of the calling thread's namespace; program as in net_nft_open(). */
int net_nat_open(const char *program, struct net_nat **ret, struct sp_err *err);
void net_nat_free(struct net_nat *nat); /* leaves the table; takes NULL */

int net_nat_begin_apply(struct net_nat *nat, const struct net_plan *plan, struct sp_err *err);
int net_nat_begin_list(struct net_nat *nat, struct sp_err *err);
int net_nat_fd(const struct net_nat *nat); /* readable: go on; -1: nothing is under way */
int net_nat_go_on(struct net_nat *nat, struct sp_err *err);
/* It took longer than NET_NFT_PATIENCE_MS: kill it. Returns that, as err says it. */
int net_nat_give_up(struct net_nat *nat, struct sp_err *err);

/* The same, and wait. */
int net_nat_apply(struct net_nat *nat, const struct net_plan *plan, struct sp_err *err);
int net_nat_list(struct net_nat *nat, struct sp_err *err);
int net_nat_remove(struct net_nat *nat, struct sp_err *err);

/* The table as it was last listed or applied, in nft's words; "" when there was none. Lent until
 * the next call. */
const char *net_nat_table(const struct net_nat *nat);
/* How many flows the last net_nat_apply() dropped, or the -errno that kept it from looking. */
int net_nat_flows(const struct net_nat *nat);

/* A process that has done its work for the table and is ending, as in nft.h. */
int net_nat_ending(const struct net_nat *nat);
void net_nat_collect(struct net_nat *nat);
