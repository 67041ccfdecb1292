/* See health.h. */
#include "agentd/health.h"

#include <stdio.h>

#include "agentd/agent.h"
#include "agentd/exec_probe.h"
#include "agentd/probe.h"
#include "agentd/record.h"
#include "agentd/stop.h"
#include "agentd/text.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "runtime/container.h"

static void on_verdict(struct probe *p, const struct probe_verdict *v, void *owner);

static void begin(struct workload *w, enum probe_role role, const struct wire_probe *spec,
		  struct probe **slot)
{
	struct probe_conf conf = { .role = role,
				   .spec = spec,
				   .netns_fd = w->container->netns_fd,
				   .address = w->spec->address,
				   .exec = &exec_probe_ops,
				   .on_verdict = on_verdict,
				   .owner = w };
	struct sp_err err = { 0 };

	if (spec->type == WIRE_PROBE_NONE || *slot)
		return;
	if (probe_new(w->agent->loop, &conf, slot, &err) < 0)
		sp_log(SP_LOG_ERROR, "probe.new", SP_STR("id", w->spec->id),
		       SP_STR("role", probe_role_name(role)), SP_ERR(&err));
}

/* The startup probe has passed, or there is none. */
static void begin_others(struct workload *w)
{
	if (!w->started) {
		w->started = true;
		record_save(w, false);
	}
	begin(w, PROBE_LIVENESS, &w->spec->liveness, &w->liveness);
	begin(w, PROBE_READINESS, &w->spec->readiness, &w->readiness);
	if (w->spec->readiness.type == WIRE_PROBE_NONE)
		workload_set_ready(w, true, "running");
}

static void on_startup(struct workload *w, const struct probe_verdict *v)
{
	char why[WORKLOAD_REASON_MAX];

	if (v->health == PROBE_GOOD) {
		probe_free(take_ptr(w->startup));
		begin_others(w);
	} else if (v->health == PROBE_BAD) {
		snprintf(why, sizeof(why), "startup probe: %.400s", v->message);
		stop_workload(w, STOP_STARTUP, why);
	}
}

static void on_liveness(struct workload *w, const struct probe_verdict *v)
{
	char why[WORKLOAD_REASON_MAX];

	w->live = v->health != PROBE_BAD;
	if (w->live)
		return;
	snprintf(why, sizeof(why), "liveness probe failed %u times: %.400s", v->failures,
		 v->message);
	stop_workload(w, STOP_LIVENESS, why);
}

/* An adopted workload keeps being ready until its probe has said otherwise. */
static void on_readiness(struct workload *w, const struct probe_verdict *v)
{
	if (v->health != PROBE_UNDECIDED)
		workload_set_ready(w, v->health == PROBE_GOOD, v->message);
}

static void tell_failure(struct workload *w, const struct probe_verdict *v)
{
	if (v->ok || (v->failures > 1 && !v->changed))
		return;
	events_emit(w->agent->events, "probe.failed", w->spec->stack, w->spec->id,
		    json_pack("{s:s, s:I}", "kind", probe_role_name(v->role), "failures",
			      (json_int_t)v->failures),
		    "%s probe: %s", probe_role_name(v->role), v->message);
}

static void on_verdict(struct probe *p, const struct probe_verdict *v, void *owner)
{
	struct workload *w = owner;
	struct probe_verdict copy = *v; /* the probe may be freed below */

	(void)p;
	text_clean(copy.message);
	tell_failure(w, &copy);
	if (w->state != WORKLOAD_RUNNING)
		return;
	switch (copy.role) {
	case PROBE_STARTUP:
		on_startup(w, &copy);
		break;
	case PROBE_LIVENESS:
		on_liveness(w, &copy);
		break;
	case PROBE_READINESS:
		on_readiness(w, &copy);
		break;
	}
}

void health_start(struct workload *w)
{
	if (w->started || w->spec->startup.type == WIRE_PROBE_NONE)
		begin_others(w);
	else
		begin(w, PROBE_STARTUP, &w->spec->startup, &w->startup);
}

void health_stop(struct workload *w)
{
	probe_free(take_ptr(w->startup));
	probe_free(take_ptr(w->liveness));
	probe_free(take_ptr(w->readiness));
}

json_t *health_last(const struct workload *w)
{
	const struct probe *const order[] = { w->readiness, w->liveness, w->startup };
	char at[SP_TIME_STAMP_MAX], message[PROBE_MESSAGE_MAX];

	for (size_t i = 0; i < SP_COUNT(order); i++) {
		const struct probe_verdict *v = order[i] ? probe_last(order[i]) : NULL;

		if (!v || !v->at_ns)
			continue;
		sp_time_format(v->at_ns, at);
		snprintf(message, sizeof(message), "%s", v->message);
		text_clean(message);
		return json_pack("{s:s, s:b, s:s, s:s}", "kind", probe_role_name(v->role), "ok",
				 v->ok, "message", message, "at", at);
	}
	return NULL;
}
