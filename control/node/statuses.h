/* What the agents say of the workloads right now, asked of all nodes at once. */
#pragma once

#include <jansson.h>

#include "control/control.h"

/*
 * *ret_list: agents' status objects with "node" added; of workloads on nodes that do not answer,
 * what the store knows, with state "unknown". *ret_unreachable: names of those nodes. stack NULL:
 * all.
 */
int statuses_read(struct control *c, struct store *s, const char *stack, json_t **ret_list,
		  json_t **ret_unreachable, struct sp_err *err);
/* The same, of each that an agent tells of "node" and these fields only: "id,stack,ready". */
int statuses_read_fields(struct control *c, struct store *s, const char *stack, const char *fields,
			 json_t **ret_list, json_t **ret_unreachable, struct sp_err *err);
