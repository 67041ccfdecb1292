/*
 * Connections to agents between two uses. A TLS handshake costs both sides milliseconds, and a node
 * is asked every few seconds, so a connection that nobody needs is kept for the next who asks that
 * node. One that the agent has closed meanwhile is found out by base/httpc, which connects anew.
 */
#pragma once

#include "base/err.h"
#include "base/httpc.h"

struct agent_pool;

int agent_pool_new(struct agent_pool **ret, struct sp_err *err);
void agent_pool_free(struct agent_pool *p); /* takes NULL */

/* From any thread. key: all that a connection depends on. */
struct sp_httpc *agent_pool_take(struct agent_pool *p, const char *key); /* NULL: none is idle */
void agent_pool_give(struct agent_pool *p, const char *key, struct sp_httpc *http);
