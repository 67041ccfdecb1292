/* The node's network, applied whole from what the agent knows: peers, and the ports of the
 * workloads that are to run. Everything is idempotent; the kernel holds the truth. */
#pragma once

#include "agentd/agent.h"
#include "agentd/workload.h"
#include "netcfg/node_read.h"

struct rules_wait;

/* Bridge, routes and rules as of now. Without a subnet (no PUT /v1/peers yet) it does nothing.
 * Results and wait as of rules_apply(), for the rules are last. */
int network_apply(struct agent *a, struct rules_wait *wait, struct sp_err *err);
/* One part alone, but for the rules (rules.h): 1 when that changed something, 0 when not. */
int network_apply_part(struct agent *a, enum net_part part, struct sp_err *err);
/* For rules.c: as net_nat_begin_apply(), with the plan as of now. */
int network_begin_rules(struct agent *a, struct sp_err *err);
/* What the kernel has of all that, against what it should have; after rules_list(). */
int network_read(struct agent *a, struct net_node_facts *ret, struct sp_err *err);

/* May spec's ports and address be had beside those of the other workloads, and of the node's own
 * processes? SP_E_CONFLICT names who has them. */
int network_check(struct agent *a, const struct wire_workload *spec, struct sp_err *err);

/* Does this workload hold its ports now? */
bool network_publishes(const struct workload *w);
/* Once it does not any more: what led to its ports goes. A failure is logged. */
void network_withdraw(struct workload *w);
/* Tell net_ports of spec into ret (n_ports entries). */
int network_ports(const struct wire_workload *spec, struct net_port *ret, struct sp_err *err);

/* Wire the container that waits: eth0 with the workload's address. */
int network_attach(struct workload *w, struct sp_err *err);
