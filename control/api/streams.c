/* Logs and exec: found by workload, passed through from the agent that has it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/api/relay.h"
#include "control/node/url.h"
#include "control/store/operation.h"
#include "control/store/stack.h"

#define TAIL_MAX 1000000

/* A workload that is no more may have left a log on the node where an operation had it last. */
static int find_log(struct api *a, struct agent **ret, bool *ret_gone, struct sp_err *err)
{
	const char *id = sp_httpd_param(a->req, "id");
	char node[STORE_NAME_MAX];
	struct sp_err why = { 0 };
	int r = store_workload_node(a->store, id, node, &why);

	*ret_gone = r == -ENOENT && store_step_node(a->store, id, node, NULL) == 1;
	snprintf(a->at.resource, sizeof(a->at.resource), "%s", id);
	if (r < 0 && !*ret_gone) {
		*err = why;
		return r;
	}
	return api_agent(a, node, ret, err);
}

/* The agent of the workload in the path. */
static int find_agent(struct api *a, struct agent **ret, struct sp_err *err)
{
	const char *id = sp_httpd_param(a->req, "id");
	char node[STORE_NAME_MAX];
	int r;

	snprintf(a->at.resource, sizeof(a->at.resource), "%s", id);
	r = store_workload_node(a->store, id, node, err);
	return r < 0 ? r : api_agent(a, node, ret, err);
}

static int check_known(struct api *a, struct agent *agent, struct sp_err *err)
{
	autojson json_t *status = NULL;
	char path[160];

	snprintf(path, sizeof(path), "/v1/workloads/%s", sp_httpd_param(a->req, "id"));
	return api_agent_failed(a, agent, agent_get(agent, path, &status, err), err);
}

static int logs_path(struct api *a, char *ret, size_t room, struct sp_err *err)
{
	const char *since = sp_httpd_query(a->req, "since");
	int64_t tail;
	size_t len;
	int r = api_query_int(a, "tail", 0, TAIL_MAX, -1, &tail, err);

	if (r < 0)
		return r;
	snprintf(ret, room, "/v1/workloads/%s/logs?follow=%d", sp_httpd_param(a->req, "id"),
		 api_query_flag(a, "follow"));
	len = strlen(ret);
	if (tail >= 0)
		len += (size_t)snprintf(ret + len, room - len, "&tail=%" PRId64, tail);
	if (!since)
		return 0;
	snprintf(ret + len, room - len, "&since=");
	len = strlen(ret);
	return url_join(ret + len, room - len, "", since, err);
}

/* What the agent knows, or once knew: a relay of it is not refused. */
API_HANDLER(workloads_logs)
{
	struct agent *agent = NULL;
	bool gone = false;
	char path[512];
	int r = logs_path(a, path, sizeof(path), err);

	if (r == 0)
		r = find_log(a, &agent, &gone, err);
	if (r < 0)
		return r;
	r = gone ? 0 : check_known(a, agent, err);
	if (r < 0) {
		agent_close(agent);
		return r;
	}
	r = relay_stream(a->req, agent, path, err);
	a->replied = r == 0;
	return r;
}

API_HANDLER(workloads_exec)
{
	autojson json_t *body = NULL;
	struct agent *agent = NULL;
	char path[160];
	int r = api_body(a, &body, err);

	if (r == 0)
		r = find_agent(a, &agent, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/v1/workloads/%s/exec", sp_httpd_param(a->req, "id"));
	r = relay_exec(a->req, agent, path, body, err);
	a->replied = r == 0;
	return r;
}
