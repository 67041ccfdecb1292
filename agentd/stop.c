/* See stop.h. The container's end itself is noticed by exit.c. */
#include "agentd/stop.h"

#include <signal.h>

#include "agentd/agent.h"
#include "agentd/health.h"
#include "base/log.h"
#include "base/time.h"
#include "runtime/container.h"

#define KILL_AGAIN_NS (5 * SP_NS_PER_S)

static void kill_all(struct workload *w)
{
	struct sp_err err = { 0 };

	if (rt_kill(w->container, &err) < 0)
		sp_log(SP_LOG_ERROR, "workload.kill", SP_STR("id", w->spec->id), SP_ERR(&err));
	sp_timer_arm_in(w->agent->loop, &w->due, KILL_AGAIN_NS);
}

void stop_resume(struct workload *w)
{
	struct sp_err err = { 0 };

	w->outlived = false;
	health_stop(w);
	if (w->spec->stop_grace_ns == 0) {
		kill_all(w);
		return;
	}
	if (rt_signal(w->container, w->stop_signal ? w->stop_signal : SIGTERM, &err) < 0)
		sp_log(SP_LOG_WARN, "workload.signal", SP_STR("id", w->spec->id), SP_ERR(&err));
	if (sp_timer_arm_in(w->agent->loop, &w->due, w->spec->stop_grace_ns) < 0)
		kill_all(w);
}

void stop_workload(struct workload *w, enum workload_stop why, const char *reason)
{
	w->stopping = why;
	workload_set_state(w, WORKLOAD_STOPPING, "%s", reason);
	workload_set_ready(w, false, reason);
	stop_resume(w);
}

void stop_grace_over(struct workload *w)
{
	sp_log(SP_LOG_WARN, "workload.grace_over", SP_STR("id", w->spec->id),
	       SP_DURATION("grace", w->spec->stop_grace_ns));
	w->outlived = true;
	kill_all(w);
}
