/*
 * Runs of agentd-nft, the program that speaks nftables: its library takes some two megabytes of
 * whoever links it, and is needed for milliseconds.
 *
 * Each run is waited for until it has answered, at most NET_NFT_PATIENCE_MS. One that has changed
 * the table takes some 15 ms more to end (an RCU grace period, when its socket closes): it is left
 * to end alone, and collected later.
 */
#pragma once

#include "base/buf.h"
#include "netcfg/nft_task.h"

#define NET_NFT_PATIENCE_MS 20000

struct net_nft;

/* program NULL: NET_NFT_PROGRAM beside our own executable. It is opened once: an agent goes on with
 * the program it came with. */
int net_nft_open(const char *program, struct net_nft **ret, struct sp_err *err);
void net_nft_free(struct net_nft *n); /* waits for runs that are ending; takes NULL */

/* Run a verb; the table after it goes to ret_table, and what is known of it to *ret_answer (err
 * aside). text is used by PUT. */
int net_nft_run(struct net_nft *n, enum net_nft_verb verb, const char *text,
		struct sp_buf *ret_table, struct net_nft_answer *ret_answer, struct sp_err *err);

int net_nft_ending(const struct net_nft *n); /* pidfd of a run that has answered and not ended, or
						-1; owned by n */
void net_nft_collect(struct net_nft *n);     /* those that have ended */
