/* Prometheus text: what is counted anyway, read when asked. */
#include <unistd.h>

#include "agentd/api.h"
#include "agentd/workload.h"
#include "base/buf.h"
#include "runtime/cgroup.h"
#include "runtime/container.h"

static void put_states(struct agent *a, struct sp_buf *out)
{
	unsigned int count[WORKLOAD_STATE_COUNT] = { 0 };
	struct workload *w;

	SP_LIST_EACH (&a->workloads, w, link)
		count[w->state]++;
	sp_buf_puts(out, "# TYPE stackpilot_workloads gauge\n");
	for (int i = 0; i < WORKLOAD_STATE_COUNT; i++)
		sp_buf_printf(out, "stackpilot_workloads{state=\"%s\"} %u\n",
			      workload_state_name((enum workload_state)i), count[i]);
}

static void put_workload(const struct workload *w, struct sp_buf *out)
{
	struct rt_cgroup_usage u = { 0 };
	const char *id = w->spec->id;

	sp_buf_printf(out, "stackpilot_workload_ready{id=\"%s\"} %d\n", id, w->ready);
	sp_buf_printf(out, "stackpilot_workload_restarts_total{id=\"%s\"} %u\n", id, w->restarts);
	if (!w->container || rt_cgroup_usage(w->container->cgroup_fd, &u, NULL) < 0)
		return;
	sp_buf_printf(out, "stackpilot_workload_memory_bytes{id=\"%s\"} %llu\n", id,
		      (unsigned long long)u.memory_bytes);
	sp_buf_printf(out, "stackpilot_workload_cpu_seconds_total{id=\"%s\"} %.6f\n", id,
		      (double)u.cpu_usec / 1e6);
	sp_buf_printf(out, "stackpilot_workload_processes{id=\"%s\"} %llu\n", id,
		      (unsigned long long)u.pids);
	sp_buf_printf(out, "stackpilot_workload_oom_kills_total{id=\"%s\"} %llu\n", id,
		      (unsigned long long)u.oom_kill);
}

void api_metrics(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	autobuf struct sp_buf out = SP_BUF_INIT;
	struct sp_err err = { 0 };
	struct workload *w;

	sp_buf_printf(&out, "stackpilot_agent_ready %d\n", a->ready);
	sp_buf_printf(&out, "stackpilot_agent_last_event %llu\n",
		      (unsigned long long)events_last(a->events));
	put_states(a, &out);
	SP_LIST_EACH (&a->workloads, w, link)
		put_workload(w, &out);
	if (sp_buf_check(&out, &err) < 0)
		sp_httpd_reply_err(req, &err);
	else
		sp_httpd_reply_text(req, 200, "text/plain; version=0.0.4", out.data);
}
