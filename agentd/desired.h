/*
 * The desired state on disk: each workload's spec is a file of its own, replaced atomically, and a
 * removal is a tombstone beside it that stays until everything of the workload is gone. Killed at
 * any point, the next agent finds for each workload the old spec, the new one, or a tombstone.
 *
 *   workloads/ID/spec.json    desired; a directory without it was never accepted and is removed
 *   workloads/ID/deleted      tombstone
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "wire/workload.h"

/* Durable on return, and a tombstone is gone; on failure what was there before stands. dirfd is the
 * directory of all workloads. */
int desired_put(int dirfd, const struct wire_workload *spec, struct sp_err *err);
int desired_bury(int dirfd, const char *id, struct sp_err *err); /* write the tombstone */

struct desired {
	struct wire_workload *spec; /* the caller's */
	bool deleted;
};

/* 1: *ret is filled. 0: there is no spec, the directory is left over. An unreadable spec is
 * SP_E_CORRUPT. */
int desired_get(int dirfd, const char *id, struct desired *ret, struct sp_err *err);

/* The ids that have a directory, as a list on the heap. */
int desired_ids(int dirfd, char ***ret, struct sp_err *err);
