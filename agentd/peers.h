/*
 * The cluster as this node was told: its own subnet and the other nodes. From it come the routes
 * and the node names in the containers' /etc/hosts. Kept in peers.json, so that a node that
 * restarts while the control plane is away has its network.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/digest.h"
#include "base/err.h"
#include "netcfg/node.h"

#define PEERS_MAX 1024

struct peer {
	char *name;
	struct in_addr address;
	struct net_prefix subnet; /* length 0: it has none yet */
};

struct peers {
	struct net_prefix subnet; /* of this node; length 0: not told yet */
	struct peer *list;        /* every node of the cluster, this one too */
	size_t n;
	char digest[SP_DIGEST_MAX]; /* of the document; "" while there is none */
};

int peers_decode(json_t *json, struct peers *ret, struct sp_err *err);
void peers_fini(struct peers *p);

/* The stored document; absent leaves *ret empty. */
int peers_load(int dirfd, struct peers *ret, struct sp_err *err);
int peers_store(int dirfd, json_t *json, struct sp_err *err);
