/*
 * What a deploy's operation was asked for, as it stands in its row: a bundle (docs/api.md) with a
 * member "plan" when the deploy is to do what was planned and nothing else.
 */
#pragma once

#include "control/plan_pins.h"

struct deploy_request {
	char *bundle; /* JSON text, as a revision keeps it */
	bool planned;
	struct plan_pins pins; /* when planned */
};

int deploy_request_read(const char *request, struct deploy_request *ret, struct sp_err *err);
void deploy_request_fini(struct deploy_request *q); /* wipes */
