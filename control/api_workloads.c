/* Workloads: what the agents say of them, and commands to the agent that has one. */
#include <stdio.h>

#include "base/json.h"
#include "control/api.h"
#include "control/api_handlers.h"
#include "control/statuses.h"
#include "control/store_stack.h"

API_HANDLER(workloads_list)
{
	json_t *list = NULL, *unreachable = NULL;
	int r = statuses_read(a->control, a->store, sp_httpd_query(a->req, "stack"), &list,
			      &unreachable, err);

	if (r < 0)
		return r;
	return api_reply(a, 200,
			 json_pack("{s:o, s:o}", "workloads", list, "unreachable", unreachable),
			 err);
}

static int command(struct api *a, const char *what, struct sp_err *err)
{
	const char *id = sp_httpd_param(a->req, "id");
	auto_(agent_close) struct agent *agent = NULL;
	struct agent_right right = { .operation = what };
	char node[STORE_NAME_MAX];
	json_t *reply = NULL;
	int r;

	snprintf(a->at.resource, sizeof(a->at.resource), "%s", id);
	r = store_workload_node(a->store, id, node, err);
	if (r == 0)
		r = store_workload_token(a->store, id, &right.token, err);
	if (r == 0)
		r = api_agent(a, node, &agent, err);
	if (r == 0)
		r = api_agent_failed(a, agent, agent_command(agent, &right, id, what, &reply, err),
				     err);
	return r < 0 ? r : api_reply(a, 200, reply, err);
}

API_HANDLER(workloads_restart)
{
	return command(a, "restart", err);
}

API_HANDLER(workloads_stop)
{
	return command(a, "stop", err);
}

API_HANDLER(workloads_start)
{
	return command(a, "start", err);
}
