/* What agentd-nft is told on its standard input (netcfg/nft_task.h), read whole. */
#pragma once

#include "base/buf.h"
#include "netcfg/nft_task.h"

struct told {
	struct net_nft_told head;
	const struct net_nft_port *ports; /* head.n_ports */
	const char *text;
	struct sp_buf all; /* what the other two lie in */
};

int told_read(struct told *ret, struct sp_err *err);
