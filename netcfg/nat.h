/*
 * The node's one nftables table, kept as ruleset.h writes it. Each change is one transaction, done
 * by a run of agentd-nft (nft.h); so is reading it, but only when somebody has changed a rule
 * since.
 */
#pragma once

#include "base/mem.h"
#include "netcfg/plan.h"

struct net_nat;

/* Of the calling thread's namespace; program as in net_nft_open(). */
int net_nat_open(const char *program, struct net_nat **ret, struct sp_err *err);
void net_nat_free(struct net_nat *nat); /* leaves the table; takes NULL */

int net_nat_apply(struct net_nat *nat, const struct net_plan *plan, struct sp_err *err);
/* Would net_nat_apply() change something: 1 or 0. */
int net_nat_differs(struct net_nat *nat, const struct net_plan *plan, struct sp_err *err);
/* The table as the kernel has it, in nft's words; "" when there is none. Lent until the next call.
 */
int net_nat_list(struct net_nat *nat, const char **ret, struct sp_err *err);
int net_nat_remove(struct net_nat *nat, struct sp_err *err);

/* A process that has done its work for the table and is ending, as in nft.h. */
int net_nat_ending(const struct net_nat *nat);
void net_nat_collect(struct net_nat *nat);
