/*
 * What a plan was made against, in a few digests: so that a deploy of a saved plan does what the
 * plan says or nothing.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "control/store/store.h"

struct deploy;

struct plan_pins {
	char stack[STORE_NAME_MAX];  /* "": not told */
	int64_t serial;              /* revision of the stack; 0: it had none */
	char desired[SP_DIGEST_MAX]; /* the bundle, its images pinned */
	char current[SP_DIGEST_MAX]; /* what was placed of the stack, and its state */
	char actions[SP_DIGEST_MAX]; /* what is to be done, and on which nodes */
};

/* Once the deploy is compared and its nodes are chosen. */
int plan_pins_of(const struct deploy *d, struct plan_pins *ret, struct sp_err *err);
/* The members of a plan document that pin it; others are left alone. */
int plan_pins_decode(json_t *plan, struct plan_pins *ret, struct sp_err *err);

/*
 * A deploy that was not planned passes, and so does one that was placed by a former attempt.
 * SP_E_CONFLICT at the plan stage says how the plan is stale: first the two sides (before any agent
 * is asked), then, with nodes chosen, what would be done.
 */
int plan_pins_check_sides(const struct deploy *d, struct sp_err *err);
int plan_pins_check_actions(const struct deploy *d, struct sp_err *err);
