/* Where to look for what a request did not find: the command to try next, by the request's route.
 */
#pragma once

#include "control/api/api.h"

/* There is such a stack, or what it left behind: its snapshots outlive it. Also when the store does
 * not say. */
bool api_stack_is_known(struct api *a, const char *stack);

/* Fills a->at.next for a NOT_FOUND that has none. */
void api_hint(struct api *a, const struct sp_err *err);
