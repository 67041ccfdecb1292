/*
 * Snapshots: what a stack was, so whole that it can be brought back. The content of one is the
 * bundle it was deployed from, each workload with its node, its spec and the manifest its image was
 * pinned to, and the manifests of its tasks; kept as store/snapshot.h says.
 */
#pragma once

#include "control/config.h"
#include "control/store/snapshot.h"

struct snapshot_request {
	const char *stack;
	const char *cause; /* "request", or what it is taken before: "deploy" ... */
	const char *creator;
	const char *operation, *description, *tags; /* NULL: none */
	int64_t in_use; /* a snapshot that must not be cleared away for this one; 0: none */
};

/* Take one of the revision that runs, and clear away what the configuration keeps no longer.
 * NOT_FOUND when nothing runs. ret may be NULL. */
int snapshot_take(struct store *s, const struct config *config, const struct snapshot_request *q,
		  struct store_snapshot *ret, struct sp_err *err);

struct snapshot {
	struct store_snapshot row;
	char *bundle;      /* JSON text */
	json_t *workloads; /* [{"id", "node", "spec", ...}] */
	json_t *tasks;     /* {NAME: digest of the manifest it ran with} */
};

/* Read one whole; damaged ones are SP_E_CORRUPT. */
int snapshot_open(struct store *s, const char *stack, int64_t version, struct snapshot *ret,
		  struct sp_err *err);
void snapshot_fini(struct snapshot *n); /* wipes */
#define autowholesnapshot __attribute__((cleanup(snapshot_fini)))

/* The member of a workload as it was; NULL when that workload was not there. */
const char *snapshot_node(const json_t *workloads, const char *id);
const char *snapshot_image_digest(const json_t *workloads, const char *id);

/* *ret: {"stack", "from", "to", "workloads"} (stack/workload_diff.h), their nodes among the fields;
 * tasks, outputs and the policy too. */
int snapshot_compare(struct store *s, const char *stack, int64_t from, int64_t to, json_t **ret,
		     struct sp_err *err);
/* As docs/api.md has it; NULL when out of memory. */
json_t *snapshot_view(const struct store_snapshot *n);
