/* Requests that are held until a workload is ready, has failed for good, or is gone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agentd/workload.h"
#include "base/httpd.h"

#define WAIT_DEFAULT_NS (60 * INT64_C(1000000000))
#define WAIT_MAX_NS     (3600 * INT64_C(1000000000))

enum wait_for {
	WAIT_READY,
	WAIT_GONE,
	WAIT_ASKED, /* a question about the state is there, or its process has ended; replies with
		       that question too */
};

/* Reply to req when it has come true, or with the status as it is when time is up. */
void wait_begin(struct workload *w, struct sp_httpd_req *req, enum wait_for what,
		int64_t timeout_ns);

void wait_changed(struct workload *w);           /* its state or readiness is another */
void wait_gone(struct agent *a, const char *id); /* it was removed */
void wait_end_all(struct agent *a);              /* the agent stops */
