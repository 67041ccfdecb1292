/* A stack as the API shows it: what the store has, and what the agents say of its workloads. */
#pragma once

#include <jansson.h>

#include "control/store/stack.h"

/*
 * The object of docs/api.md, its services with image, replicas, nodes, ports and probes. statuses:
 * as statuses_read() gives them, for "ready"; NULL: that member is absent.
 */
int stack_view(struct store *s, const struct store_stack *stack, const json_t *statuses,
	       json_t **ret, struct sp_err *err);
