/*
 * Streams passed through from an agent to a client: a log as it grows, a command's input and
 * output. Each runs in a thread of its own and ends when either side does.
 */
#pragma once

#include "base/httpd.h"
#include "control/node/agent.h"

/* Reply with what `GET path` of the agent gives, as it comes. Owns the agent. */
int relay_stream(struct sp_httpd_req *req, struct agent *agent, const char *path,
		 struct sp_err *err);

/* Upgrade both sides to the exec protocol and carry bytes between them. Owns the agent. */
int relay_exec(struct sp_httpd_req *req, struct agent *agent, const char *path, const json_t *body,
	       struct sp_err *err);
