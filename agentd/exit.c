/* See exit.h. */
#include "agentd/exit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "agentd/agent.h"
#include "agentd/health.h"
#include "agentd/launch.h"
#include "agentd/logs.h"
#include "agentd/network.h"
#include "agentd/reconcile.h"
#include "agentd/state_socket.h"
#include "agentd/watch.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "runtime/container.h"

#define LOOK_AGAIN_MS 100

void exit_remove_dir(struct workload *w)
{
	char name[SP_ID_MAX + 32];
	struct sp_err err = { 0 };

	snprintf(name, sizeof(name), "%s/" LAUNCH_DIR, w->spec->id);
	if (trash_put(&w->agent->trash, w->agent->dirs.workloads, name, &err) < 0)
		sp_log(SP_LOG_ERROR, "workload.dir", SP_STR("id", w->spec->id), SP_ERR(&err));
}

/* How it ended, when it did not end when it was told to. */
static void describe_outlived(const struct workload *w, char *ret, size_t room)
{
	char grace[SP_DURATION_MAX];

	sp_duration_format(w->spec->stop_grace_ns, grace);
	snprintf(ret, room, "did not stop within %s of SIG%s: killed", grace,
		 sigabbrev_np(w->stop_signal ? w->stop_signal : SIGTERM));
}

/* What was asked for comes first: a process that ends after our stop signal did not fail. */
static void describe(const struct workload *w, const struct rt_exit *how, char *ret, size_t room)
{
	char text[160];

	if (w->outlived && how->death == RT_DEATH_KILLED)
		describe_outlived(w, text, sizeof(text));
	else
		rt_exit_format(how, text, sizeof(text));
	switch (w->stopping) {
	case STOP_LIVENESS:
		snprintf(ret, room, "liveness probe failed; %s", text);
		break;
	case STOP_STARTUP:
		snprintf(ret, room, "startup probe failed; %s", text);
		break;
	case STOP_REQUEST:
		snprintf(ret, room, "stopped by request; %s", text);
		break;
	case STOP_NONE:
		snprintf(ret, room, "%s", text);
		break;
	}
}

static void keep_exit(struct workload *w, const struct rt_exit *how)
{
	struct workload_exit *x = &w->last_exit;

	*x = (struct workload_exit){ .present = true,
				     .code = how->code,
				     .signal = how->signal,
				     .oom = how->death == RT_DEATH_OOM,
				     .at_ns = how->at_ns ? how->at_ns : sp_time_real_ns() };
	describe(w, how, x->reason, sizeof(x->reason));
	events_emit(w->agent->events, "workload.exit", w->spec->stack, w->spec->id,
		    json_pack("{s:i, s:i, s:b, s:s, s:I}", "code", x->code, "signal", x->signal,
			      "oom", x->oom, "death", rt_death_name(how->death), "incarnation",
			      (json_int_t)w->incarnation),
		    "%s", x->reason);
}

void exit_let_go(struct workload *w)
{
	struct sp_err err = { 0 };

	sp_timer_cancel(&w->due);
	rules_wait_drop(&w->rules);
	state_socket_close(w);
	health_stop(w);
	watch_drop(take_ptr(w->exit_watch));
	watch_drop(take_ptr(w->memory_watch));
	sp_close(&w->memory_fd);
	if (w->logs)
		logs_drain(w->logs);
	if (w->container && rt_destroy(w->agent->engine, w->container, &err) < 0)
		sp_log(SP_LOG_ERROR, "workload.destroy", SP_STR("id", w->spec->id), SP_ERR(&err));
	w->container = NULL;
	exit_remove_dir(w);
}

/* Stopped for a failed probe it is a failure, whatever it said at the end. */
static int code_of(const struct workload *w, const struct rt_exit *how)
{
	bool failed = w->stopping == STOP_LIVENESS || w->stopping == STOP_STARTUP;

	return failed && how->code == 0 ? 1 : how->code;
}

void exit_settle(struct workload *w, const struct rt_exit *how)
{
	int code = code_of(w, how);

	keep_exit(w, how);
	exit_let_go(w);
	w->live = false;
	workload_set_ready(w, false, w->last_exit.reason);
	reconcile_ended(w, code, w->last_exit.reason);
	network_withdraw(w);
}

bool exit_look(struct workload *w)
{
	struct rt_exit how = { 0 };
	struct sp_err err = { 0 };

	if (rt_reap(w->container, 0, &how, &err) <= 0)
		return false;
	exit_settle(w, &how);
	return true;
}

void exit_noticed(void *workload)
{
	struct workload *w = workload;
	struct rt_exit how = { 0 };
	struct sp_err err = { 0 };
	int r;

	w->exit_watch = NULL;
	r = rt_reap(w->container, LOOK_AGAIN_MS, &how, &err);
	if (r <= 0) {
		how = (struct rt_exit){ .death = RT_DEATH_KILLED, .code = 137, .signal = 9 };
		sp_log(SP_LOG_ERROR, "workload.reap", SP_STR("id", w->spec->id), SP_ERR(&err));
	}
	exit_settle(w, &how);
}
