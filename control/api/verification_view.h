/* A verification as the API shows it. */
#pragma once

#include <jansson.h>

#include "control/store/verification.h"

/* As docs/api.md has it; NULL when out of memory. */
json_t *verification_view(const struct store_verification *v);
