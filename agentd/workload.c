/* See workload.h. */
#include "agentd/workload.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/agent.h"
#include "agentd/health.h"
#include "agentd/logs.h"
#include "agentd/reconcile.h"
#include "agentd/record.h"
#include "agentd/start.h"
#include "agentd/state_socket.h"
#include "agentd/text.h"
#include "agentd/wait.h"
#include "agentd/watch.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/time.h"
#include "runtime/container.h"

#define BIT(state) (1U << WORKLOAD_##state)

/* From each state, the states it may go to. */
static const unsigned int allowed[WORKLOAD_STATE_COUNT] = {
	[WORKLOAD_PENDING] = BIT(PREPARING) | BIT(STOPPED),
	[WORKLOAD_PREPARING] = BIT(STARTING) | BIT(PENDING) | BIT(BACKOFF) | BIT(FAILED),
	[WORKLOAD_STARTING] = BIT(RUNNING) | BIT(PENDING) | BIT(BACKOFF) | BIT(EXITED) |
			      BIT(FAILED) | BIT(STOPPED),
	[WORKLOAD_RUNNING] = BIT(STOPPING) | BIT(PENDING) | BIT(BACKOFF) | BIT(EXITED) |
			     BIT(FAILED) | BIT(STOPPED),
	[WORKLOAD_STOPPING] =
		BIT(STOPPED) | BIT(PENDING) | BIT(BACKOFF) | BIT(EXITED) | BIT(FAILED),
	[WORKLOAD_BACKOFF] = BIT(PENDING) | BIT(STOPPED),
	[WORKLOAD_EXITED] = BIT(PENDING) | BIT(STOPPED),
	[WORKLOAD_FAILED] = BIT(PENDING) | BIT(STOPPED),
	[WORKLOAD_STOPPED] = BIT(PENDING),
};

static const char *const names[] = {
#define X(sym, name) [WORKLOAD_##sym] = name,
	WORKLOAD_STATES(X)
#undef X
};

const char *workload_state_name(enum workload_state s)
{
	return names[s];
}

int workload_state_parse(const char *name)
{
	for (int i = 0; i < WORKLOAD_STATE_COUNT; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

bool workload_may(enum workload_state from, enum workload_state to)
{
	return allowed[from] >> to & 1;
}

/* A record of these must outlive the machine: what has ended is not begun again. */
static bool is_final(enum workload_state s)
{
	return s == WORKLOAD_EXITED || s == WORKLOAD_FAILED || s == WORKLOAD_STOPPED;
}

void workload_set_state(struct workload *w, enum workload_state to, const char *fmt, ...)
{
	enum workload_state from = w->state;
	char reason[WORKLOAD_REASON_MAX];
	va_list ap;

	assert(workload_may(from, to));
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	text_clean(reason);
	memcpy(w->reason, reason, sizeof(reason));
	w->state = to;
	w->since_ns = sp_time_real_ns();
	sp_log(SP_LOG_INFO, "workload.state", SP_STR("id", w->spec->id),
	       SP_STR("from", names[from]), SP_STR("to", names[to]), SP_STR("reason", reason));
	record_save(w, is_final(to));
	events_emit(w->agent->events, "workload.state", w->spec->stack, w->spec->id,
		    json_pack("{s:s, s:s, s:I}", "from", names[from], "to", names[to],
			      "incarnation", (json_int_t)w->incarnation),
		    "%s -> %s%s%s", names[from], names[to], *reason ? ": " : "", reason);
	wait_changed(w);
}

void workload_set_ready(struct workload *w, bool ready, const char *why)
{
	if (w->ready == ready)
		return;
	w->ready = ready;
	sp_log(SP_LOG_INFO, ready ? "workload.ready" : "workload.unready",
	       SP_STR("id", w->spec->id), SP_STR("reason", why));
	record_save(w, false);
	events_emit(w->agent->events, ready ? "workload.ready" : "workload.unready", w->spec->stack,
		    w->spec->id, NULL, "%s", why);
	wait_changed(w);
}

int workload_new(struct agent *a, struct wire_workload *spec, struct workload **ret,
		 struct sp_err *err)
{
	struct workload *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return sp_fail_nomem(err);
	w->agent = a;
	w->memory_fd = -1;
	rules_wait_init(&w->rules, start_go_on, w);
	sp_list_init(&w->link);
	w->kick = (struct sp_timer){ .fn = reconcile_kicked, .owner = w };
	w->due = (struct sp_timer){ .fn = reconcile_due, .owner = w };
	w->since_ns = sp_time_real_ns();
	r = wire_workload_digest(spec, w->spec_digest, err);
	if (r == 0)
		r = uidrange_take(&a->uids, spec->id, &w->first_uid, err);
	if (r < 0) {
		free(w);
		return r;
	}
	w->spec = spec;
	sp_list_append(&a->workloads, &w->link);
	a->n_workloads++;
	*ret = w;
	return 0;
}

void workload_free(struct workload *w)
{
	if (!w)
		return;
	sp_timer_cancel(&w->kick);
	sp_timer_cancel(&w->due);
	rules_wait_drop(&w->rules);
	state_socket_close(w);
	health_stop(w);
	watch_drop(w->exit_watch);
	watch_drop(w->memory_watch);
	sp_close(&w->memory_fd);
	if (w->container)
		rt_forget(w->container);
	logs_close(w->logs);
	sp_list_remove(&w->link);
	w->agent->n_workloads--;
	wire_workload_free(w->spec);
	free(w);
}

struct workload *workload_find(struct agent *a, const char *id)
{
	struct workload *w;

	SP_LIST_EACH (&a->workloads, w, link)
		if (!strcmp(w->spec->id, id))
			return w;
	return NULL;
}

static void swap_hosts(struct wire_workload *a, struct wire_workload *b)
{
	struct wire_host *hosts = a->hosts;
	size_t n = a->n_hosts;

	a->hosts = b->hosts;
	a->n_hosts = b->n_hosts;
	b->hosts = hosts;
	b->n_hosts = n;
}

/* Probes that run borrow their part of the spec: one that says the same but for its hosts leaves
 * them alone, another one ends them first. */
int workload_take_spec(struct workload *w, struct wire_workload *spec, struct sp_err *err)
{
	char digest[SP_DIGEST_MAX];
	int r = wire_workload_digest(spec, digest, err);

	if (r < 0)
		return r;
	if (strcmp(digest, w->spec_digest) == 0) {
		swap_hosts(w->spec, spec);
		wire_workload_free(spec);
		return 0;
	}
	w->restarts = 0;
	w->failures = 0;
	health_stop(w);
	memcpy(w->spec_digest, digest, sizeof(digest));
	wire_workload_free(w->spec);
	w->spec = spec;
	return 0;
}
