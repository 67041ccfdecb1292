/* One finding put right on its node. */
#pragma once

#include <stdbool.h>

#include "control/drift/drift.h"
#include "control/operation/operation.h"

/* The act of a step; finding is a const struct drift_finding. */
int drift_repair(struct operation *o, void *finding, struct sp_err *err);
/* Does the repair of one put the other right too? */
bool drift_repair_is_same(const struct drift_finding *a, const struct drift_finding *b);
