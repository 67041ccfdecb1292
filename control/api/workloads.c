/* Workloads: what the agents say of them, and commands to the agent that has one. */
#include <stdio.h>

#include "base/json.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/api/lock.h"
#include "control/node/statuses.h"
#include "control/store/stack.h"

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

struct command {
	const char *id, *what;
	json_t *reply;
};

static int tell_agent(struct api *a, int64_t token, void *state, struct sp_err *err)
{
	struct command *c = state;
	struct agent_right right = { .operation = c->what, .token = token };
	auto_(agent_close) struct agent *agent = NULL;
	char node[STORE_NAME_MAX];
	int r = store_workload_node(a->store, c->id, node, err);

	if (r == 0)
		r = api_agent(a, node, &agent, err);
	if (r < 0)
		return r;
	return api_agent_failed(a, agent,
				agent_command(agent, &right, c->id, c->what, &c->reply, err), err);
}

static int command(struct api *a, const char *what, struct sp_err *err)
{
	struct command c = { .id = sp_httpd_param(a->req, "id"), .what = what };
	char stack[STORE_NAME_MAX], words[STORE_LEASE_NAME_MAX];
	int r = store_workload_stack(a->store, c.id, stack, err);

	snprintf(a->at.resource, sizeof(a->at.resource), "%s", c.id);
	snprintf(words, sizeof(words), "%s %s", what, c.id);
	if (r == 0)
		r = lock_run(a, stack, words, tell_agent, &c, err);
	return r < 0 ? r : api_reply(a, 200, c.reply, err);
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
