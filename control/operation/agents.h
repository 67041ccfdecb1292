/* The agents an operation talks to: one connection a node, and the way to interrupt them all. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/node/agent.h"

struct operation_agents;

struct operation_agents *operation_agents_new(void); /* NULL when out of memory */
void operation_agents_free(struct operation_agents *g);

/* The node's, opened if need be; SP_E_INTERRUPTED after a stop. */
int operation_agents_get(struct operation_agents *g, const struct agent_access *access,
			 struct store *s, const char *node, struct agent **ret, struct sp_err *err);
/* May be talked to until then (CLOCK_MONOTONIC): after that it is as after a stop. At first without
 * end. */
void operation_agents_extend(struct operation_agents *g, int64_t until_ns);
void operation_agents_stop(struct operation_agents *g); /* from any thread */
bool operation_agents_stopping(struct operation_agents *g);
