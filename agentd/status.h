/* A workload as the API shows it (docs/api.md, "Status"). */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "agentd/workload.h"

#define STATUS_ALL UINT32_MAX

json_t *status_json(const struct workload *w); /* NULL when out of memory */

/* A set of fields from "id,state,ready"; NULL: all. -EINVAL names the one that there is not. */
int status_fields_parse(const char *list, uint32_t *ret, struct sp_err *err);
/* A status of these fields only. */
json_t *status_fields_json(const struct workload *w, uint32_t set);
