/* Repairs over HTTP: one part of a workload, one part of the node's network, one thing left over.
 */
#include <stdlib.h>
#include <string.h>

#include "agentd/api.h"
#include "agentd/network.h"
#include "agentd/orphan.h"
#include "agentd/repair.h"
#include "agentd/reply.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

static void reply_done(struct agent *a, struct sp_httpd_req *req, const char *resource,
		       const char *what, int r, const struct sp_err *err)
{
	if (r < 0) {
		reply_err(a, req, resource, err);
		return;
	}
	sp_log(SP_LOG_INFO, "repair", SP_STR("resource", resource), SP_STR("what", what));
	reply_json(req, 200, json_pack("{s:s, s:s}", "resource", resource, "repaired", what));
}

void api_workload_repair(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const char *id = sp_httpd_param(req, "id"), *name = sp_httpd_query(req, "part");
	struct workload *w = workload_find(a, id);
	int part = name ? repair_part_parse(name) : -1;
	struct sp_err err = { 0 };

	if (!w)
		reply_fail(a, req, id, SP_E_NOT_FOUND, "workload '%s' is not on node '%s'", id,
			   a->config.name);
	else if (part < 0)
		reply_fail(a, req, id, SP_E_INVALID, "'%.40s' is no part of a workload",
			   name ? name : "");
	else if (api_fenced(a, req, w->spec->stack))
		reply_done(a, req, id, name,
			   repair_workload(w, (enum repair_part)part, sp_httpd_query(req, "only"),
					   &err),
			   &err);
}

/* The stack is the one on whose behalf: its token is checked. */
static const char *stack_of(struct agent *a, struct sp_httpd_req *req)
{
	const char *stack = sp_httpd_query(req, "stack");

	if (stack && sp_id_valid(stack))
		return api_fenced(a, req, stack) ? stack : NULL;
	reply_fail(a, req, NULL, SP_E_INVALID, "?stack: '%.80s' is not a stack name",
		   stack ? stack : "");
	return NULL;
}

struct rules_repair {
	struct rules_wait wait;
	struct agent *agent;
	struct sp_httpd_req *req;
};

static void on_rules(struct rules_wait *wait, int r, const struct sp_err *err)
{
	struct rules_repair *x = wait->owner;

	reply_done(x->agent, x->req, "network", "rules", r, err);
	free(x);
}

static void repair_rules(struct agent *a, struct sp_httpd_req *req)
{
	struct rules_repair *x = calloc(1, sizeof(*x));
	struct sp_err err = { 0 };
	int r;

	if (!x) {
		reply_fail(a, req, "network", SP_E_NO_MEMORY, "out of memory");
		return;
	}
	*x = (struct rules_repair){ .agent = a, .req = req };
	rules_wait_init(&x->wait, on_rules, x);
	sp_httpd_defer(req);
	r = rules_apply(a, &x->wait, &err);
	if (r != RULES_UNDER_WAY)
		on_rules(&x->wait, r, &err);
}

void api_network_repair(struct sp_httpd_req *req, void *owner)
{
	static const char *const parts[] = {
		[NET_PART_BRIDGE] = "bridge",
		[NET_PART_FORWARDING] = "forwarding",
		[NET_PART_RULES] = "rules",
		[NET_PART_ROUTES] = "routes",
	};
	struct agent *a = owner;
	const char *name = sp_httpd_query(req, "part");
	struct sp_err err = { 0 };
	size_t i = 0;

	if (!stack_of(a, req))
		return;
	while (i < SP_COUNT(parts) && !sp_str_eq(name, parts[i]))
		i++;
	if (i == SP_COUNT(parts))
		reply_fail(a, req, NULL, SP_E_INVALID, "'%.40s' is no part of the network",
			   name ? name : "");
	else if (i == NET_PART_RULES)
		repair_rules(a, req);
	else
		reply_done(a, req, "network", name, network_apply_part(a, (enum net_part)i, &err),
			   &err);
}

/* Only what is named after the stack: the agent does not take the word of one for another. */
void api_extra_delete(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const char *kind = sp_httpd_param(req, "kind"), *name = sp_httpd_param(req, "name");
	const char *stack = stack_of(a, req);
	struct sp_err err = { 0 };

	if (!stack)
		return;
	if (!sp_id_valid(name) || !sp_str_starts(name, stack))
		reply_fail(a, req, name, SP_E_INVALID, "'%.80s' is not of stack '%s'", name, stack);
	else
		reply_done(a, req, name, kind, orphan_remove(a, kind, name, &err), &err);
}
