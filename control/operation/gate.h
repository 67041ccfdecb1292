/* Gates: what has to hold for a workload before an operation goes on, judged from its status. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "control/operation/operation.h"

enum gate_condition {
	GATE_STARTED,   /* it runs, or has run */
	GATE_READY,     /* its probes say so; a job that ended well counts */
	GATE_COMPLETED, /* it ended with status 0 */
};

enum gate_verdict { GATE_WAIT, GATE_PASS, GATE_FAIL };

#define GATE_CRASHES_MAX \
	3 /* exits of one workload while its gate waits, before that is a failure */
#define GATE_REASON_MAX 256

/* restarts_before: of the workload when the gate began to wait. */
enum gate_verdict gate_judge(const json_t *status, enum gate_condition condition,
			     int64_t restarts_before, char ret_reason[GATE_REASON_MAX]);

/* Wait for it, at most that time (the configured one). A failure has the last log lines and the
 * probe's words as evidence in o->at. */
int gate_wait(struct operation *o, const char *node, const char *id, enum gate_condition condition,
	      struct sp_err *err);

/* A look at the workload: its status, which the agent may hold back for slice_ns while nothing
 * changes. 1: there was something to do, look again at once. */
typedef int (*gate_look_fn)(struct operation *o, void *state, int64_t slice_ns, json_t **ret_status,
			    struct sp_err *err);

struct gate {
	const char *node, *id;
	enum gate_condition condition;
	int64_t timeout_ns;
	gate_look_fn look; /* NULL: just a look */
	void *state;       /* of look */
};

int gate_pass(struct operation *o, const struct gate *g, struct sp_err *err);
