/* What each node is told of the others: body of PUT /v1/peers. */
#pragma once

#include <jansson.h>

#include "base/digest.h"
#include "control/store/node.h"

/* The document for node and the digest of its canonical text, as the agent reports it back. */
int peers_for(struct store *s, const struct store_node *node, json_t **ret,
	      char ret_digest[SP_DIGEST_MAX], struct sp_err *err);
