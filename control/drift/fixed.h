/*
 * What a drift fix has put right. The findings that a repair is for are journalled as its step's
 * subject before the first repair is made, so that they are known also to who goes on after an
 * attempt that was cut off; and right is what a look at the hosts finds no more.
 */
#pragma once

#include <jansson.h>

#include "control/drift/detect.h"
#include "control/operation/operation.h"

#define FIXED_STEP "repair"

/* Of all, those that the repair of the one at `at` puts right, as a step's subject on the heap.
 * NULL when out of memory. */
char *fixed_subject(const struct drift_findings *all, size_t at, const char *stack);
/* The findings that any attempt has set out to repair, each once (as the API shows them). */
int fixed_meant(struct operation *o, json_t **ret, struct sp_err *err);
/* The first of them that is there still, or is on a node that does not answer; NULL. */
const json_t *fixed_first_left(const json_t *meant, const struct drift_report *now);
/* The event drift.fixed for each of them that is gone. In the transaction that ends o. */
int fixed_tell(const struct operation *o, const json_t *meant, const struct drift_report *now,
	       struct sp_err *err);
