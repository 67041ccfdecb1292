/* What is read of a workload: its isolation, its logs; and the volumes of its stack. */
#include <stdio.h>
#include <string.h>

#include "agentd/api.h"
#include "agentd/logs.h"
#include "agentd/reply.h"
#include "agentd/volumes.h"
#include "agentd/workload.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "runtime/container.h"
#include "runtime/isolation.h"

static json_t *namespaces_json(const uint64_t inode[RT_NS_COUNT])
{
	json_t *o = json_object();

	for (int i = 0; o && i < RT_NS_COUNT; i++)
		json_object_set_new(o, rt_namespace_name((enum rt_namespace)i),
				    json_integer((json_int_t)inode[i]));
	return o;
}

static json_t *isolation_json(const struct rt_isolation *x)
{
	char effective[24], bounding[24];

	snprintf(effective, sizeof(effective), "0x%016llx", (unsigned long long)x->cap_effective);
	snprintf(bounding, sizeof(bounding), "0x%016llx", (unsigned long long)x->cap_bounding);
	return json_pack("{s:o, s:o, s:s, s:i, s:b, s:I, s:s, s:s, s:i, s:b}", "namespaces",
			 namespaces_json(x->inode), "host_namespaces",
			 namespaces_json(x->host_inode), "cgroup", x->cgroup, "seccomp", x->seccomp,
			 "no_new_privs", x->no_new_privs, "host_uid", (json_int_t)x->host_uid,
			 "capabilities", effective, "capability_bounds", bounding, "pid",
			 (int)x->pid, "own_namespaces", x->own_namespaces);
}

void api_workload_isolation(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const char *id = sp_httpd_param(req, "id");
	const struct workload *w = workload_find(a, id);
	struct rt_isolation x;
	struct sp_err err = { 0 };

	if (!w)
		reply_fail(a, req, id, SP_E_NOT_FOUND, "workload '%s' is not on node '%s'", id,
			   a->config.name);
	else if (!w->container)
		reply_fail(a, req, id, SP_E_CONFLICT, "workload '%s' is %s", id,
			   workload_state_name(w->state));
	else if (rt_isolation_read(w->container->pid, &x, &err) < 0)
		reply_err(a, req, id, &err);
	else
		reply_json(req, 200, isolation_json(&x));
}

static bool parse_query(struct agent *a, struct sp_httpd_req *req, struct logs_query *ret)
{
	const char *since = sp_httpd_query(req, "since"), *follow = sp_httpd_query(req, "follow");
	struct sp_err err = { 0 };

	*ret = (struct logs_query){ .follow = follow && strcmp(follow, "0") != 0 };
	if (!api_number(a, req, "tail", 0, INT64_MAX, -1, &ret->tail))
		return false;
	if (since && sp_time_parse(since, &ret->since_ns, &err) < 0) {
		reply_err(a, req, NULL, &err);
		return false;
	}
	return true;
}

void api_workload_logs(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const char *id = sp_httpd_param(req, "id");
	const struct workload *w = workload_find(a, id);
	autofree char *dir = sp_str_format("%s/logs", a->dirs.state_path);
	struct sp_httpd_source source;
	struct logs_query query;
	struct sp_err err = { 0 };
	int r;

	if (!sp_id_valid(id)) {
		reply_fail(a, req, NULL, SP_E_INVALID, "'%.80s' is not an id", id);
		return;
	}
	if (!parse_query(a, req, &query))
		return;
	r = dir ? logs_source(w ? w->logs : NULL, dir, id, &query, req, &source, &err)
		: sp_fail_nomem(&err);
	if (r < 0)
		reply_err(a, req, id, &err);
	else
		sp_httpd_reply_stream(req, 200, "text/plain; charset=utf-8", source);
}

/* Nothing is done but to remember: whoever had a lower token can do nothing here any more. */
void api_token_put(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const char *stack = sp_httpd_param(req, "stack");

	if (!sp_id_valid(stack))
		reply_fail(a, req, NULL, SP_E_INVALID, "'%.80s' is not a stack name", stack);
	else if (api_fenced(a, req, stack))
		reply_json(req, 200, json_pack("{s:s}", "stack", stack));
}

void api_volumes_delete(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const char *stack = sp_httpd_param(req, "stack");
	struct sp_err err = { 0 };
	json_t *removed, *used;

	if (!sp_id_valid(stack))
		reply_fail(a, req, NULL, SP_E_INVALID, "'%.80s' is not a stack name", stack);
	else if (!api_fenced(a, req, stack))
		return;
	else if (volumes_remove(a, stack, &removed, &used, &err) < 0)
		reply_err(a, req, stack, &err);
	else
		reply_json(req, 200, json_pack("{s:o, s:o}", "removed", removed, "in_use", used));
}
