/* A deploy that is only planned: it reads, compares and chooses, and leaves everything as it is. */
#pragma once

#include "control/control.h"
#include "wire/failure.h"

/*
 * *ret: the plan of a deploy of request (a bundle, JSON text; docs/api.md, "Plan"). No lock, no
 * row, no agent is told anything; the agents are asked what they have. A failure leaves its address
 * in at.
 */
int dry_run(struct control *c, struct store *s, const char *request, struct wire_failure *at,
	    json_t **ret, struct sp_err *err);
