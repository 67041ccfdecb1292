/* A deploy that is only planned: it reads, compares and chooses, and leaves everything as it is. */
#pragma once

#include "control/control.h"
#include "wire/failure.h"

/* As a row of an operation would have it. */
struct dry_run_request {
	const char *stack;   /* of a restore; NULL: the bundle says */
	const char *request; /* JSON text (request.h) */
};

/*
 * *ret: the plan of a deploy or restore (docs/api.md, "Plan"). No lock, no row, no agent is told
 * anything; the agents are asked what they have. A failure leaves its address in at.
 */
int dry_run(struct control *c, struct store *s, const struct dry_run_request *q,
	    struct wire_failure *at, json_t **ret, struct sp_err *err);
