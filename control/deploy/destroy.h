/* Destroying a stack: what the request of such an operation says. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* As text on the heap. volumes: with the data in them; force: also while others require it. */
int destroy_request(bool volumes, bool force, char **ret, struct sp_err *err);
