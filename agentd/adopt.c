/*
 * See adopt.h. A workload's record says what state it was in; the runtime says whether its
 * container lives. Where they disagree the container is right: a record may be one step behind.
 */
#include "agentd/adopt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/desired.h"
#include "agentd/exit.h"
#include "agentd/health.h"
#include "agentd/launch.h"
#include "agentd/reconcile.h"
#include "agentd/record.h"
#include "agentd/start.h"
#include "agentd/state_socket.h"
#include "agentd/stop.h"
#include "agentd/workload.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "runtime/container.h"

static bool had_container(enum workload_state s)
{
	return s == WORKLOAD_STARTING || s == WORKLOAD_RUNNING || s == WORKLOAD_STOPPING;
}

/* Nobody has served it while there was no agent: clients have waited, or try again. */
static void serve_state(struct workload *w)
{
	struct sp_err err = { 0 };

	if (w->spec->state_socket && state_socket_open(w, &err) < 0)
		sp_log(SP_LOG_ERROR, "adopt.state_socket", SP_STR("id", w->spec->id), SP_ERR(&err));
}

/* It lives, and the record knows it: go on where the earlier agent was. */
static int take_back(struct workload *w, struct sp_err *err)
{
	int r = start_watching(w, err);

	if (r < 0)
		return r;
	w->live = true;
	serve_state(w);
	if (w->state == WORKLOAD_STARTING) {
		w->started_at_ns = w->since_ns;
		workload_set_state(w, WORKLOAD_RUNNING, "adopted, pid %d", (int)w->container->pid);
	}
	events_emit(w->agent->events, "agent.adopted", w->spec->stack, w->spec->id,
		    json_pack("{s:i, s:I}", "pid", (int)w->container->pid, "incarnation",
			      (json_int_t)w->incarnation),
		    "adopted, pid %d", (int)w->container->pid);
	if (w->state == WORKLOAD_STOPPING)
		stop_resume(w);
	else
		health_start(w);
	return 0;
}

/* It ended while no agent was there. */
static void learn_end(struct workload *w, const char *dir)
{
	struct rt_exit how = { .death = RT_DEATH_KILLED, .code = 137, .signal = 9 };
	struct sp_err err = { 0 };

	if (rt_end_of_gone(w->agent->engine, w->spec->id, dir, &how, &err) < 0)
		sp_log(SP_LOG_ERROR, "adopt.end", SP_STR("id", w->spec->id), SP_ERR(&err));
	exit_settle(w, &how);
}

/* A container nobody has a record of, or whose start was cut short. */
static void discard(struct workload *w)
{
	struct sp_err err = { 0 };

	if (w->container && rt_destroy(w->agent->engine, w->container, &err) < 0)
		sp_log(SP_LOG_ERROR, "adopt.discard", SP_STR("id", w->spec->id), SP_ERR(&err));
	w->container = NULL;
	exit_remove_dir(w);
}

static int settle(struct workload *w, const char *dir, bool lives, struct sp_err *err)
{
	if (had_container(w->state)) {
		if (lives)
			return take_back(w, err);
		if (w->state == WORKLOAD_STARTING &&
		    rt_exit_read(dir, &(struct rt_exit){ 0 }, NULL) <= 0) {
			discard(w);
			workload_set_state(w, WORKLOAD_PENDING, "the agent ended during the start");
		} else {
			learn_end(w, dir);
		}
		return 0;
	}
	discard(w);
	if (w->state == WORKLOAD_PREPARING)
		workload_set_state(w, WORKLOAD_PENDING, "the agent ended during the start");
	if (w->state == WORKLOAD_BACKOFF)
		reconcile_arm_backoff(w);
	return 0;
}

static int adopt(struct workload *w, struct sp_err *err)
{
	autofree char *dir = sp_str_format("%s/workloads/%s/" LAUNCH_DIR, w->agent->dirs.state_path,
					   w->spec->id);
	struct sp_err why = { 0 };
	int r, known;

	if (!dir)
		return sp_fail_nomem(err);
	known = record_load(w, err);
	if (known < 0)
		return known;
	r = start_logs(w, err);
	if (r < 0)
		return r;
	r = rt_adopt(w->agent->engine, w->spec->id, dir, &w->container, &why);
	if (r < 0)
		sp_log(SP_LOG_ERROR, "adopt.container", SP_STR("id", w->spec->id), SP_ERR(&why));
	r = settle(w, dir, r == 1, err);
	reconcile_soon(w);
	return r;
}

static int load_one(struct agent *a, const char *id, struct sp_err *err)
{
	struct desired desired = { 0 };
	struct workload *w;
	int r = desired_get(a->dirs.workloads, id, &desired, err);

	if (r == 0) { /* left over from before its spec was written */
		sp_log(SP_LOG_WARN, "adopt.leftover", SP_STR("id", id));
		return trash_put(&a->trash, a->dirs.workloads, id, err);
	}
	if (r > 0)
		r = workload_new(a, desired.spec, &w, err);
	if (r < 0) {
		wire_workload_free(desired.spec);
		return r;
	}
	w->deleted = desired.deleted;
	return adopt(w, err);
}

/* One workload that cannot be loaded must not keep the others from it. */
int adopt_workloads(struct agent *a, struct sp_err *err)
{
	char **ids = NULL;
	int r = desired_ids(a->dirs.workloads, &ids, err);

	for (char **id = ids; r == 0 && *id; id++) {
		struct sp_err why = { 0 };

		if (load_one(a, *id, &why) < 0)
			sp_log(SP_LOG_ERROR, "adopt.workload", SP_STR("id", *id), SP_ERR(&why));
	}
	sp_strv_free(ids);
	return r;
}
