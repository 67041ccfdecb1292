/* One run of agentd-nft, from its start to its answer; for nft.c. */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "netcfg/nft_task.h"

/*
 * Start the program behind exe and wait for its answer. Returns what it answered (0, or -errno with
 * err), with its process, still to be waited for, in *ret_pid. When it could not be started, or did
 * not answer, *ret_pid is 0.
 */
int net_nft_ask(int exe, enum net_nft_verb verb, const char *text, struct sp_buf *ret_table,
		struct net_nft_answer *ret_answer, pid_t *ret_pid, struct sp_err *err);
