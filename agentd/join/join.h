/*
 * `agentd join`: make this machine a node of a cluster. The key is made here and never leaves; the
 * control plane is known by the fingerprint of its CA in the token, before anything is told to it.
 */
#pragma once

#include <stdint.h>

#include "agentd/config.h"
#include "base/err.h"

struct join {
	const char *control; /* "https://192.168.56.10:7700" */
	const char *token;   /* "SP1.<id>.<secret>.<sha256 of the CA>" */
	const char *name, *address;
	int64_t port;
};

/* Blocks. Writes tls/{key,cert,ca}.pem and node.json into the state directory; when it fails, what
 * was there before is still whole. */
int join_cluster(const struct config *config, const struct join *j, struct sp_err *err);

/* The fingerprint in a token as a digest ("sha256:..."). */
int join_pin(const char *token, char ret[72], struct sp_err *err);
