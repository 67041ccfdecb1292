/*
 * What agentd-nft is told and what it tells. It is started with a verb as its argument, the table
 * to put (ruleset.h) on its standard input, and answers on its standard output: the struct below,
 * then the table as the kernel has it after that, in nft's words, up to the end of the stream. The
 * starter's side is nft.c, the program netcfg/nft/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define NET_NFT_PROGRAM   "agentd-nft"
#define NET_NFT_TABLE_MAX (8 << 20) /* bytes of a table's text */

#define NET_NFT_VERBS(X)                                                       \
	X(LIST, "list")     /* change nothing */                               \
	X(PUT, "put")       /* the table as told, in place of what is there */ \
	X(REMOVE, "remove") /* no table at all */

enum net_nft_verb {
#define X(sym, name) NET_NFT_##sym,
	NET_NFT_VERBS(X)
#undef X
};

struct net_nft_answer {
	int32_t result; /* 0, or -errno with err set and nothing changed */
	bool settled; /* the text is that of the generation; false: rules change too fast to tell */
	uint32_t generation;
	struct sp_err err;
};
