/* Whether a workload fits a node; if not, why. */
#pragma once

#include "control/place/place.h"

/* replicas: of the same service that this placement already put there. */
bool place_fits(const struct place_node *node, const struct place_request *q, size_t replicas,
		char ret_reason[PLACE_REASON_MAX]);
uint64_t place_memory_of(const struct place_request *q);
