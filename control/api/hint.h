/* Where to look for what a request did not find: the command to try next, by the request's route.
 */
#pragma once

#include "control/api/api.h"

/* Fills a->at.next for a NOT_FOUND that has none. */
void api_hint(struct api *a, const struct sp_err *err);
