/* Requests that wait for the next event. */
#pragma once

#include "agentd/agent.h"
#include "base/httpd.h"

/* Reply with the events after `after`; when there are none, wait at most wait_ns for one. */
void poll_events(struct agent *a, struct sp_httpd_req *req, uint64_t after, size_t limit,
		 int64_t wait_ns);
void poll_end_all(struct agent *a);
