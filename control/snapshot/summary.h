/* What is in a snapshot, told without any secret. */
#pragma once

#include <jansson.h>

/*
 * Of a content's workloads: {"workloads": N, "services": [{"name", "image", "image_digest",
 * "replicas", "nodes"}], "volumes": [..], "ports": [..], "secrets": [..]}, secrets by the path they
 * stand at. NULL when out of memory.
 */
json_t *snapshot_summary(const json_t *workloads);
