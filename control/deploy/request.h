/*
 * What a deploy's operation was asked for, as it stands in its row: a bundle (docs/api.md) with a
 * member "plan" when the deploy is to do what was planned and nothing else; or {"snapshot": N} of a
 * restore, which brings the bundle with it.
 */
#pragma once

#include "control/deploy/plan_pins.h"

struct store;

struct deploy_request {
	char *bundle; /* JSON text, as a revision keeps it; NULL until fetched */
	bool planned;
	struct plan_pins pins; /* when planned */
	int64_t snapshot;      /* of a restore; 0: none */
	json_t *was;           /* its workloads (snapshot/snapshot.h), once fetched */
	json_t *was_tasks;     /* and its tasks */
};

int deploy_request_read(const char *request, struct deploy_request *ret, struct sp_err *err);
/* What a restore needs of its snapshot; nothing to do for others. */
int deploy_request_fetch(struct deploy_request *q, struct store *s, const char *stack,
			 struct sp_err *err);
void deploy_request_fini(struct deploy_request *q); /* wipes */
