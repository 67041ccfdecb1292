/*
 * The poller: every node is asked `GET /v1/node` each interval. From the answers follow the nodes'
 * states, the peers each node is told of, and the agents' events in the outbox.
 *
 * A few threads share the nodes; each takes the one that is longest due and that nobody has, so a
 * node that does not answer holds up one thread and no other node.
 */
#pragma once

#include "base/err.h"

struct control;
struct poller;

int poller_new(struct control *c, unsigned int threads, struct poller **ret, struct sp_err *err);
void poller_free(struct poller *p); /* ends running calls and waits; takes NULL */

void poller_kick(struct poller *p); /* the set of nodes changed: look now */
