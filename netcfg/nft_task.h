/*
 * What agentd-nft is told and what it tells.
 *
 * It is started with a verb as its argument. On its standard input are struct net_nft_told, the
 * published UDP ports, and the table to put (ruleset.h) up to the end. It answers on its standard
 * output: struct net_nft_answer, then the table as the kernel has it after that, in nft's words, up
 * to the end of the stream. The starter's side is nft.c, the program netcfg/nft/.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "netcfg/prefix.h"

#define NET_NFT_PROGRAM   "agentd-nft"
#define NET_NFT_TABLE_MAX (8 << 20) /* bytes of a table's text, and of all that is told */

#define NET_NFT_VERBS(X)                                                                   \
	X(LIST, "list")     /* change nothing */                                           \
	X(PUT, "put")       /* the table as told in place of what is there, if it differs; \
			       flows of UDP that are no longer true are dropped */         \
	X(REMOVE, "remove") /* no table at all */

enum net_nft_verb {
#define X(sym, name) NET_NFT_##sym,
	NET_NFT_VERBS(X)
#undef X
};

struct net_nft_told {
	int32_t agent; /* whose child it is: it goes when that is gone */
	bool flows;    /* look at the flows though the table is the same */
	uint32_t n_ports;
	struct net_prefix subnet; /* of the containers */
};

struct net_nft_port {
	struct in_addr host_address; /* INADDR_ANY: every address of the node */
	struct in_addr address;      /* of the container */
	uint16_t host_port, port;
};

struct net_nft_answer {
	int32_t result; /* 0, or -errno with err set and nothing changed */
	bool changed;   /* the table was another before */
	bool settled; /* the text is that of the generation; false: rules change too fast to tell */
	uint32_t generation;
	int32_t flows; /* how many were dropped, or -errno */
	struct sp_err err;
};
