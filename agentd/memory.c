/* See memory.h. memory.events raises EPOLLPRI at each change; the count of kills is compared with
 * what was told already. */
#include "agentd/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agentd/agent.h"
#include "agentd/record.h"
#include "agentd/watch.h"
#include "base/log.h"
#include "runtime/cgroup.h"
#include "runtime/container.h"

static void on_memory(void *owner)
{
	struct workload *w = owner;
	struct rt_cgroup_usage usage = { 0 };

	w->memory_watch = NULL;
	if (rt_cgroup_usage(w->container->cgroup_fd, &usage, NULL) < 0)
		return;
	if (usage.oom_kill > w->oom_kills) {
		w->oom_kills = usage.oom_kill;
		events_emit(w->agent->events, "workload.oom", w->spec->stack, w->spec->id,
			    json_pack("{s:I}", "killed", (json_int_t)usage.oom_kill),
			    "%" PRIu64 " processes killed at the memory limit", usage.oom_kill);
		record_save(w, false);
	}
	memory_watch(w);
}

void memory_watch(struct workload *w)
{
	struct sp_err err = { 0 };
	int r;

	if (w->memory_fd < 0)
		w->memory_fd = rt_cgroup_memory_events_fd(w->container->cgroup_fd, &err);
	if (w->memory_fd < 0) {
		if (w->memory_fd != -ENOENT)
			sp_log(SP_LOG_WARN, "workload.memory", SP_STR("id", w->spec->id),
			       SP_ERR(&err));
		w->memory_fd = -1;
		return;
	}
	r = watch_new(w->agent->loop, w->memory_fd, EPOLLPRI, on_memory, w, &w->memory_watch, &err);
	if (r < 0)
		sp_log(SP_LOG_WARN, "workload.memory", SP_STR("id", w->spec->id), SP_ERR(&err));
}
