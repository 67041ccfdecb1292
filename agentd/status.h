/* A workload as the API shows it (docs/api.md, "Status"). */
#pragma once

#include <jansson.h>

#include "agentd/workload.h"

json_t *status_json(const struct workload *w); /* NULL when out of memory */
json_t *status_brief_json(
	const struct workload *w); /* the same: who it is, and whether it is ready */
