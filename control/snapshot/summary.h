/* What is in a snapshot, told without any secret. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "control/store/stack.h"

struct snapshot_summary {
	json_int_t workloads;
	json_t *services;                  /* by name */
	json_t *volumes, *ports, *secrets; /* sets */
	bool failed;
};

int snapshot_summary_begin(struct snapshot_summary *sum, struct sp_err *err);
/* spec: that of w, as JSON. */
void snapshot_summary_add(struct snapshot_summary *sum, const struct store_workload *w,
			  const json_t *spec);
/*
 * {"workloads": N, "services": [{"name", "image", "image_digest", "replicas", "nodes"}],
 * "volumes": [..], "ports": [..], "secrets": [..]}, secrets by the path they stand at; sum is used
 * up. NULL when out of memory.
 */
json_t *snapshot_summary_end(struct snapshot_summary *sum);
