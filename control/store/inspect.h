/* Is everything in the store as it must be? What the engine says, and what only we can know. */
#pragma once

#include <jansson.h>

#include "control/store/store.h"

/* {"engine", "schema", "tables": [{"name", "rows"}], "findings": ["..."]}; no finding: all is well.
 */
int store_inspect(struct store *s, json_t **ret, struct sp_err *err);
