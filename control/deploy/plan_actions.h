/*
 * A plan as a directed graph without cycles: single actions, each with what it acts on, why, which
 * fields it changes, and which actions come before it. A pure function of a deploy that is compared
 * and whose nodes are chosen; listed in an order in which they may be done.
 *
 *   pull/NODE/IMAGE    volume/NODE/VOLUME    remove/NODE/WORKLOAD    start/WORKLOAD
 *   ready/WORKLOAD     port/NODE/ADDRESS     task/TASK               good, commit
 */
#pragma once

#include "control/deploy/deploy.h"

/*
 * images: what each node of the cluster answered to GET /v1/images, NULL where it did not; before:
 * the file of the revision that runs, NULL where there is none. *ret has "actions", "unchanged" and
 * "summary" (docs/api.md, "Plan").
 */
int plan_actions(const struct deploy *d, json_t *const *images, const struct stack *before,
		 json_t **ret, struct sp_err *err);
