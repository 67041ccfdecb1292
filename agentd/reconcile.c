/* See reconcile.h. */
#include "agentd/reconcile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agentd/agent.h"
#include "agentd/health.h"
#include "agentd/network.h"
#include "agentd/remove.h"
#include "agentd/restart.h"
#include "agentd/start.h"
#include "agentd/stop.h"
#include "base/log.h"
#include "base/time.h"

bool reconcile_wants(const struct workload *w)
{
	return !w->deleted && !w->held;
}

static bool is_changed(const struct workload *w)
{
	return strcmp(w->made_digest, w->spec_digest) != 0;
}

static const char *why_not_wanted(const struct workload *w)
{
	return w->deleted ? "removal was asked for" : "stop was asked for";
}

static const char *why_anew(const struct workload *w)
{
	return w->restart_now ? "restart was asked for" : "the spec has changed";
}

/* The ports that it kept for its next start lead nowhere; a removal takes them itself. */
static void settle_down(struct workload *w)
{
	workload_set_state(w, WORKLOAD_STOPPED, "%s", why_not_wanted(w));
	if (!w->deleted)
		network_withdraw(w);
}

/* At rest without a container: begin anew, or stay. */
static void reconcile_resting(struct workload *w, bool again)
{
	if (!reconcile_wants(w))
		settle_down(w);
	else if (w->restart_now || is_changed(w))
		workload_set_state(w, WORKLOAD_PENDING, "%s", why_anew(w));
	else if (again)
		workload_set_state(w, WORKLOAD_PENDING, "back-off is over");
	else
		return;
	reconcile_soon(w);
}

static void reconcile_pending(struct workload *w)
{
	if (reconcile_wants(w))
		start_workload(w);
	else
		reconcile_resting(w, false);
}

static void reconcile_running(struct workload *w)
{
	if (!reconcile_wants(w))
		stop_workload(w, STOP_REQUEST, why_not_wanted(w));
	else if (w->restart_now || is_changed(w))
		stop_workload(w, STOP_REQUEST, why_anew(w));
	else
		health_start(
			w); /* changed and changed back before it was seen: its probes were ended */
}

static void reconcile_stopped(struct workload *w)
{
	if (w->deleted)
		remove_workload(w); /* w is gone */
	else if (reconcile_wants(w))
		reconcile_resting(w, true);
}

static void reconcile(struct workload *w)
{
	switch (w->state) {
	case WORKLOAD_PENDING:
		reconcile_pending(w);
		break;
	case WORKLOAD_RUNNING:
		reconcile_running(w);
		break;
	case WORKLOAD_BACKOFF:
		reconcile_resting(w, w->next_start_at_ns <= sp_time_real_ns());
		break;
	case WORKLOAD_EXITED:
	case WORKLOAD_FAILED:
		reconcile_resting(w, false);
		break;
	case WORKLOAD_STOPPED:
		reconcile_stopped(w);
		break;
	case WORKLOAD_PREPARING: /* within one callback, never seen from here */
	case WORKLOAD_STARTING:  /* goes on by itself, and looks again once it runs */
	case WORKLOAD_STOPPING:  /* its end comes by itself, or by the grace timer */
		break;
	}
}

void reconcile_soon(struct workload *w)
{
	if (w->agent->stopping)
		return;
	if (sp_timer_arm_in(w->agent->loop, &w->kick, 0) < 0)
		sp_log(SP_LOG_ERROR, "reconcile.kick", SP_STR("id", w->spec->id));
}

void reconcile_kicked(struct sp_timer *t)
{
	reconcile(t->owner);
}

void reconcile_due(struct sp_timer *t)
{
	struct workload *w = t->owner;

	if (w->state == WORKLOAD_STOPPING) {
		stop_grace_over(w);
	} else if (w->state == WORKLOAD_BACKOFF) {
		w->next_start_at_ns =
			0; /* the clock of the wall may have been set back meanwhile */
		reconcile(w);
	}
}

void reconcile_arm_backoff(struct workload *w)
{
	int64_t left = w->next_start_at_ns - sp_time_real_ns();

	if (left > 2 * RESTART_DELAY_MAX_NS)
		left = RESTART_DELAY_MAX_NS;
	if (sp_timer_arm_in(w->agent->loop, &w->due, left > 0 ? left : 0) < 0)
		sp_log(SP_LOG_ERROR, "reconcile.backoff", SP_STR("id", w->spec->id));
}

static void back_off(struct workload *w, const char *why)
{
	char shown[SP_DURATION_MAX];
	uint32_t random = 0;
	int64_t delay;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t)sp_time_mono_ns();
	delay = restart_delay_ns(w->failures, random);
	sp_duration_format(delay / SP_NS_PER_MS * SP_NS_PER_MS, shown);
	w->next_start_at_ns = sp_time_real_ns() + delay;
	workload_set_state(w, WORKLOAD_BACKOFF, "%s; next start in %s", why, shown);
	reconcile_arm_backoff(w);
}

void reconcile_ended(struct workload *w, int code, const char *why)
{
	enum restart_next next;

	w->reason_code = 0;
	if (w->stopping == STOP_REQUEST || !reconcile_wants(w)) {
		bool again = reconcile_wants(w);

		w->failures = 0;
		workload_set_state(w, again ? WORKLOAD_PENDING : WORKLOAD_STOPPED, "%s", why);
		reconcile_soon(w);
		return;
	}
	if (w->state != WORKLOAD_STARTING && /* it ran */
	    sp_time_real_ns() - w->started_at_ns >= RESTART_HEALTHY_NS)
		w->failures = 0;
	w->failures++;
	next = restart_decide(w->spec->restart, w->spec->restart_attempts, code, w->failures);
	switch (next) {
	case RESTART_AGAIN:
		back_off(w, why);
		break;
	case RESTART_DONE:
		workload_set_state(w, WORKLOAD_EXITED, "%s", why);
		break;
	case RESTART_GIVEN_UP:
		w->reason_code = SP_E_UNHEALTHY;
		workload_set_state(w, WORKLOAD_FAILED, "%s", why);
		break;
	}
	if (is_changed(w) || w->restart_now)
		reconcile_soon(w);
}

/* Trying again helps against these; anything else is the same next time. */
static bool may_pass(const struct sp_err *why)
{
	return sp_err_retryable(why) || why->code == SP_E_NO_SPACE || why->code == SP_E_CONFLICT ||
	       why->code == SP_E_SYSTEM || why->code == SP_E_EXISTS;
}

void reconcile_not_started(struct workload *w, const struct sp_err *why)
{
	w->reason_code = why->code;
	if (!reconcile_wants(w) || !may_pass(why)) {
		workload_set_state(w, WORKLOAD_FAILED, "%s", why->message);
		reconcile_soon(w);
		return;
	}
	w->failures++;
	back_off(w, why->message);
}
