/* Workloads over HTTP: what is wanted is written down, then the reconciler is told. */
#include <string.h>

#include "agentd/api.h"
#include "agentd/desired.h"
#include "agentd/hosts.h"
#include "agentd/launch.h"
#include "agentd/network.h"
#include "agentd/reconcile.h"
#include "agentd/record.h"
#include "agentd/reply.h"
#include "agentd/status.h"
#include "agentd/wait.h"
#include "agentd/workload.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

SP_AUTO(struct wire_workload *, wire_workload_free)

void api_workload_list(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const char *stack = sp_httpd_query(req, "stack");
	struct sp_err err = { 0 };
	uint32_t fields;
	struct workload *w;
	json_t *list;

	if (status_fields_parse(sp_httpd_query(req, "fields"), &fields, &err) < 0) {
		reply_fail(a, req, "", err.code, "%s", err.message);
		return;
	}
	list = json_array();
	SP_LIST_EACH (&a->workloads, w, link)
		if (!stack || !strcmp(stack, w->spec->stack))
			json_array_append_new(list, status_fields_json(w, fields));
	reply_json(req, 200, json_pack("{s:o}", "workloads", list));
}

/* The workload of {id}, or a 404 that is said already. */
static struct workload *find(struct agent *a, struct sp_httpd_req *req)
{
	const char *id = sp_httpd_param(req, "id");
	struct workload *w = workload_find(a, id);

	if (!w)
		reply_fail(a, req, id, SP_E_NOT_FOUND, "workload '%s' is not on node '%s'", id,
			   a->config.name);
	return w;
}

void api_workload_get(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	struct workload *w = find(a, req);
	const char *wait = sp_httpd_query(req, "wait");
	int64_t timeout_ns;

	if (!w || !api_number(a, req, "timeout_ns", 0, WAIT_MAX_NS, WAIT_DEFAULT_NS, &timeout_ns))
		return;
	if (wait && strcmp(wait, "ready") != 0)
		reply_fail(a, req, w->spec->id, SP_E_INVALID, "wait: '%.40s' is not 'ready'", wait);
	else if (wait)
		wait_begin(w, req, WAIT_READY, timeout_ns);
	else
		reply_json(req, 200, status_json(w));
}

/* What this node cannot hold is refused before anything is written down. */
static int check_limits(struct agent *a, const struct wire_workload *spec, struct sp_err *err)
{
	struct rt_limits limits = launch_limits(a, spec);
	uint32_t missing = rt_limits_unenforceable(rt_engine_cgroups(a->engine), &limits);
	char names[64];

	if (!missing || config_best_effort(&a->config))
		return 0;
	rt_controllers_format(missing, names, sizeof(names));
	return sp_fail(err, SP_E_UNPLACEABLE,
		       "node '%s' cannot enforce the limits of '%s': no cgroup controller %s",
		       a->config.name, spec->id, names);
}

static int check_spec(struct agent *a, const char *id, const struct wire_workload *spec,
		      struct sp_err *err)
{
	const struct workload *w = workload_find(a, id);
	int r;

	if (strcmp(spec->id, id) != 0)
		return sp_fail(err, SP_E_INVALID, "spec of '%s' sent to '%s'", spec->id, id);
	if (w && (strcmp(w->spec->stack, spec->stack) != 0 ||
		  strcmp(w->spec->service, spec->service) != 0))
		return sp_fail(err, SP_E_CONFLICT, "'%s' belongs to service '%s' of stack '%s'", id,
			       w->spec->service, w->spec->stack);
	r = check_limits(a, spec, err);
	return r < 0 ? r : network_check(a, spec, err);
}

static int decode_spec(struct agent *a, struct sp_httpd_req *req, struct wire_workload **ret,
		       struct sp_err *err)
{
	autojson json_t *json = NULL;
	int r = sp_httpd_body_json(req, &json, err);

	if (r == 0)
		r = wire_workload_decode(json, ret, err);
	return r < 0 ? r : check_spec(a, sp_httpd_param(req, "id"), *ret, err);
}

/* spec is on the disk; now it is the workload's. Takes it over on success. */
static int accept_spec(struct agent *a, struct wire_workload *spec, struct workload **ret,
		       struct sp_err *err)
{
	struct workload *w = workload_find(a, spec->id);
	int r;

	if (!w)
		return workload_new(a, spec, ret, err);
	*ret = w;
	r = workload_take_spec(w, spec, err);
	if (r == 0)
		w->deleted = false;
	return r;
}

void api_workload_put(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	auto_(wire_workload_free) struct wire_workload *spec = NULL;
	struct sp_err err = { 0 }, why = { 0 };
	struct workload *w;
	int r = decode_spec(a, req, &spec, &err);

	if (r == 0 && !api_fenced(a, req, spec->stack))
		return;
	if (r == 0)
		r = desired_put(a->dirs.workloads, spec, &err);
	if (r == 0)
		r = accept_spec(a, spec, &w, &err);
	if (r < 0) {
		reply_err(a, req, sp_httpd_param(req, "id"), &err);
		return;
	}
	spec = NULL;
	record_save(w, false);
	if (workload_has_container(w) && hosts_write(w, &why) < 0)
		sp_log(SP_LOG_ERROR, "workload.hosts", SP_STR("id", w->spec->id), SP_ERR(&why));
	reconcile_soon(w);
	reply_json(req, 200, status_json(w));
}

void api_workload_delete(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	struct workload *w = find(a, req);
	struct sp_err err = { 0 };
	int64_t timeout_ns;

	if (!w || !api_fenced(a, req, w->spec->stack) ||
	    !api_number(a, req, "timeout_ns", 0, WAIT_MAX_NS, WAIT_MAX_NS, &timeout_ns))
		return;
	if (!w->deleted && desired_bury(a->dirs.workloads, w->spec->id, &err) < 0) {
		reply_err(a, req, w->spec->id, &err);
		return;
	}
	w->deleted = true;
	reconcile_soon(w);
	if (sp_httpd_query(req, "wait"))
		wait_begin(w, req, WAIT_GONE, timeout_ns);
	else
		reply_json(req, 200, status_json(w));
}

/* Set what is wanted of a workload, and let the reconciler see to it. */
static void want(struct sp_httpd_req *req, struct agent *a, bool held, bool restart)
{
	struct workload *w = find(a, req);

	if (!w || !api_fenced(a, req, w->spec->stack))
		return;
	if (w->deleted) {
		reply_fail(a, req, w->spec->id, SP_E_CONFLICT, "workload '%s' is being removed",
			   w->spec->id);
		return;
	}
	w->asked = !held && (restart || w->held || w->asked);
	w->held = held;
	w->restart_now = restart;
	if (restart)
		w->failures = 0;
	record_save(w, true);
	reconcile_soon(w);
	reply_json(req, 200, status_json(w));
}

void api_workload_restart(struct sp_httpd_req *req, void *owner)
{
	want(req, owner, false, true);
}

void api_workload_stop(struct sp_httpd_req *req, void *owner)
{
	want(req, owner, true, false);
}

/* Also of one that has finished or given up; a running one goes on. */
void api_workload_start(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const struct workload *w = workload_find(a, sp_httpd_param(req, "id"));

	want(req, a, false,
	     w && (w->state == WORKLOAD_EXITED || w->state == WORKLOAD_FAILED ||
		   w->state == WORKLOAD_BACKOFF));
}
