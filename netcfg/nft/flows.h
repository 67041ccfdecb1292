/*
 * What the kernel remembers of those who talk UDP (conntrack): where a flow's packets go was
 * decided by its first one, and holds for as long as it sends. A flow through a port of the node
 * that leads elsewhere by what is published is dropped: its next packet is decided anew.
 *
 * Ours are the ports that are published and those that were by the table before. A flow of
 * another port, which a rule of the operator's leads into the subnet, is left alone; where the
 * table before is not known it is dropped too, and that rule decides it again.
 */
#pragma once

#include "base/err.h"
#include "netcfg/nft/told.h"

/* By what is published as told; before: the table's text until then, NULL when it is not known.
 * Returns how many were dropped. */
int flows_drop_untrue(const struct told *told, const char *before, struct sp_err *err);
