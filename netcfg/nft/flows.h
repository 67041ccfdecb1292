/*
 * What the kernel remembers of those who talk UDP (conntrack): where a flow's packets go was
 * decided by its first one, and holds for as long as it sends. A flow through a port of the node
 * that leads elsewhere by what is published is dropped: its next packet is decided anew.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "netcfg/nft_task.h"

/* Returns how many were dropped. */
int flows_drop_untrue(const struct net_prefix *subnet, const struct net_nft_port *ports, size_t n,
		      struct sp_err *err);
