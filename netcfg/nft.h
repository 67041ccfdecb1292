/*
 * Runs of agentd-nft, the program that speaks nftables: its library takes some two megabytes of
 * whoever links it, and is needed for milliseconds.
 *
 * One run at a time is under way: begun, read from whenever its descriptor is readable until it has
 * answered, or given up after NET_NFT_PATIENCE_MS, and killed. Nobody waits here for a process but
 * net_nft_ask() and net_nft_free(). One that has changed the table takes some 15 ms more to end (an
 * RCU grace period, when its socket closes): it is left to end alone, and collected later.
 */
#pragma once

#include "base/buf.h"
#include "netcfg/nft_task.h"

#define NET_NFT_PATIENCE_MS 10000

struct net_nft;

/* program NULL: NET_NFT_PROGRAM beside our own executable. It is opened once: an agent goes on with
 * the program it came with. */
int net_nft_open(const char *program, struct net_nft **ret, struct sp_err *err);
void net_nft_free(struct net_nft *n); /* kills a run under way, waits for the end; takes NULL */

/* told: struct net_nft_told and what follows it. */
int net_nft_begin(struct net_nft *n, enum net_nft_verb verb, const struct sp_buf *told,
		  struct sp_err *err);
int net_nft_fd(const struct net_nft *n); /* of the run under way, owned by n; -1: none is */
/* 1: it is still under way; 0: it has answered; -errno: what it answered, or why it did not. The
 * table after it is in ret_table, what is known of it in *ret_answer (err aside). */
int net_nft_read(struct net_nft *n, struct sp_buf *ret_table, struct net_nft_answer *ret_answer,
		 struct sp_err *err);
/* Kill the run under way, since it took too long: says so in err, and returns that. */
int net_nft_give_up(struct net_nft *n, struct sp_err *err);

/* Begin one, and wait for its answer. */
int net_nft_ask(struct net_nft *n, enum net_nft_verb verb, const struct sp_buf *told,
		struct sp_buf *ret_table, struct net_nft_answer *ret_answer, struct sp_err *err);
/* Wait for the one under way, and read it. */
int net_nft_wait(struct net_nft *n, struct sp_buf *ret_table, struct net_nft_answer *ret_answer,
		 struct sp_err *err);

int net_nft_ending(const struct net_nft *n); /* pidfd of a run that is over and has not ended, or
						-1; owned by n */
void net_nft_collect(struct net_nft *n);     /* those that have ended */
