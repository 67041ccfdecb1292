/* The node's one nftables table, kept as ruleset.h writes it. Each change is one transaction. */
#pragma once

#include "base/mem.h"
#include "netcfg/plan.h"

struct net_nat;

int net_nat_open(struct net_nat **ret, struct sp_err *err); /* of the calling thread's namespace */
void net_nat_free(struct net_nat *nat);                     /* leaves the table; takes NULL */

int net_nat_apply(struct net_nat *nat, const struct net_plan *plan, struct sp_err *err);
/* Would net_nat_apply() change something: 1 or 0. */
int net_nat_differs(struct net_nat *nat, const struct net_plan *plan, struct sp_err *err);
/* The table as the kernel has it, in nft's words; "" when there is none. Lent until the next call.
 */
const char *net_nat_list(struct net_nat *nat);
int net_nat_remove(struct net_nat *nat, struct sp_err *err);
