/* One question to the agents of all nodes, at once. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "control/control.h"
#include "control/store/node.h"

/*
 * GET path ("/v1/images") of each node. *ret: a reply for each, in their order; NULL where there is
 * none: the node is known to be away (and is not waited for), did not answer in time, or refused.
 */
int agents_ask(struct control *c, const struct store_nodes *nodes, const char *path, json_t ***ret,
	       struct sp_err *err);
/*
 * PUT the fencing token of a stack to each node that is there, so that whoever had a lower one is
 * refused everywhere, also where the new holder has nothing to do. Nodes that do not answer hear of
 * it with the next change. Returns how many did.
 */
int agents_fence(struct control *c, struct store *s, const char *stack, int64_t token);
void agents_replies_free(json_t **replies, size_t n); /* takes NULL */
/* Does a reply of GET /v1/images name an image with that manifest? A reply of NULL does not. */
bool agents_reply_has_image(const json_t *reply, const char *digest);
