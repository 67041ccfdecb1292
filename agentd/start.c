/* See start.h. */
#include "agentd/start.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "agentd/agent.h"
#include "agentd/exit.h"
#include "agentd/health.h"
#include "agentd/launch.h"
#include "agentd/logs.h"
#include "agentd/memory.h"
#include "agentd/network.h"
#include "agentd/reconcile.h"
#include "agentd/record.h"
#include "agentd/state_socket.h"
#include "agentd/watch.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "runtime/container.h"

int start_logs(struct workload *w, struct sp_err *err)
{
	struct agent *a = w->agent;
	autofree char *run = sp_str_format("%s/logs", a->dirs.run_path);
	autofree char *files = sp_str_format("%s/logs", a->dirs.state_path);
	struct logs_conf conf = { .run_dir = run,
				  .log_dir = files,
				  .id = w->spec->id,
				  .file_bytes = a->config.log_file_bytes,
				  .files = (unsigned int)a->config.log_files };

	if (w->logs)
		return 0;
	if (!run || !files)
		return sp_fail_nomem(err);
	return logs_open(a->loop, &conf, &w->logs, err);
}

int start_watching(struct workload *w, struct sp_err *err)
{
	int r = watch_new(w->agent->loop, w->container->pidfd, EPOLLIN, exit_noticed, w,
			  &w->exit_watch, err);

	if (r == 0)
		memory_watch(w);
	return r;
}

/* A new life: nothing of the one before is left in the flags. */
static void begin_incarnation(struct workload *w)
{
	w->incarnation++;
	if (w->started_at_ns && !w->asked && !strcmp(w->made_digest, w->spec_digest))
		w->restarts++;
	w->asked = false;
	memcpy(w->made_digest, w->spec_digest, sizeof(w->made_digest));
	w->restart_now = false;
	w->stopping = STOP_NONE;
	w->reason_code = 0;
	w->ready = w->live = w->started = false;
	w->oom_kills = 0;
	w->warning[0] = '\0';
	w->next_start_at_ns = 0;
}

/* The container, waiting, with its network but for the published ports. It is watched from here on:
 * it may end while it waits. */
static int create(struct workload *w, const struct launch *l, struct sp_err *err)
{
	int r = rt_create(w->agent->engine, &l->spec, &w->container, err);

	if (r == 0)
		r = start_watching(w, err);
	if (r == 0)
		r = network_attach(w, err);
	if (r < 0)
		sp_err_at(err, SP_STAGE_PREPARE);
	return r < 0 ? r : 0;
}

static int let_run(struct workload *w, struct sp_err *err)
{
	int r = rt_start(w->container, err);

	if (r < 0)
		sp_err_at(err, SP_STAGE_START);
	return r;
}

/* What was left out of what was asked for: by the runtime, and for want of a controller. */
static void note_warning(struct workload *w)
{
	struct rt_limits limits = launch_limits(w->agent, w->spec);
	uint32_t missing = rt_limits_unenforceable(rt_engine_cgroups(w->agent->engine), &limits);
	const char *said = w->container->warning;
	char names[64];

	snprintf(w->warning, sizeof(w->warning), "%s", said);
	if (!missing)
		return;
	rt_controllers_format(missing, names, sizeof(names));
	snprintf(w->warning, sizeof(w->warning), "%s%slimits not enforced, no cgroup controller %s",
		 said, *said ? "; " : "", names);
}

static void note_running(struct workload *w)
{
	w->started_at_ns = sp_time_real_ns();
	w->live = true;
	note_warning(w);
	workload_set_state(w, WORKLOAD_RUNNING, "pid %d", (int)w->container->pid);
	health_start(w);
	reconcile_soon(w); /* what was asked for while it was starting */
}

static void give_up(struct workload *w, const struct sp_err *why)
{
	exit_let_go(w);
	reconcile_not_started(w, why);
	network_withdraw(w);
}

/* Its ports lead to it, or cannot: r and why. */
static void finish(struct workload *w, int r, const struct sp_err *why)
{
	struct sp_err err = { 0 };

	if (r < 0) {
		err = *why;
		sp_err_at(&err, SP_STAGE_PREPARE);
	} else {
		r = let_run(w, &err);
	}
	if (r < 0)
		give_up(w, &err);
	else
		note_running(w);
}

void start_go_on(struct rules_wait *wait, int r, const struct sp_err *err)
{
	struct workload *w = wait->owner;

	if (w->agent->stopping) /* the next agent begins anew */
		return;
	if (!exit_look(w)) /* it may have ended in this very round of the loop */
		finish(w, r, err);
}

static void publish(struct workload *w)
{
	struct sp_err err = { 0 };
	int r = w->spec->n_ports ? network_apply(w->agent, &w->rules, &err) : 0;

	if (r != RULES_UNDER_WAY)
		finish(w, r, &err);
}

void start_workload(struct workload *w)
{
	struct sp_err err = { 0 };
	struct launch l;
	int r;

	begin_incarnation(w);
	workload_set_state(w, WORKLOAD_PREPARING, "image '%s'", w->spec->image);
	r = start_logs(w, &err);
	if (r == 0)
		r = launch_prepare(w, &l, &err);
	if (r < 0) {
		sp_err_at(&err, SP_STAGE_PREPARE);
		give_up(w, &err);
		return;
	}
	workload_set_state(w, WORKLOAD_STARTING, "%s", "");
	w->stop_signal = launch_stop_signal(&l, w->spec);
	r = create(w, &l, &err);
	launch_fini(&l);
	if (r < 0)
		give_up(w, &err);
	else
		publish(w);
}
