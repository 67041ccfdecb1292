/* One run of agentd-nft, from its start to its answer; for nft.c. */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "netcfg/nft_task.h"

struct net_nft_run {
	pid_t pid; /* 0: none */
	int pidfd;
	int answer;         /* readable with what it says; O_NONBLOCK */
	struct sp_buf said; /* so far */
};

/* Start the program behind exe; told is what is put on its standard input. */
int net_nft_run_start(struct net_nft_run *run, int exe, enum net_nft_verb verb,
		      const struct sp_buf *told, struct sp_err *err);

/* Take what it has said since, without waiting. 1: there is more to come; 0: that was all, and it
 * is in *ret_answer and ret_table; -errno: it has not answered properly. */
int net_nft_run_read(struct net_nft_run *run, struct net_nft_answer *ret_answer,
		     struct sp_buf *ret_table, struct sp_err *err);
