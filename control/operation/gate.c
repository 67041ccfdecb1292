/* Judging and waiting; see gate.h. */
#include "control/operation/gate.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/operation/evidence.h"

#define SLICE_NS (2 * SP_NS_PER_S)
#define PAUSE_NS (100 * SP_NS_PER_MS)

static const char *member(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

/* "exited with status 3", "was killed by signal 9 (oom)". */
static void describe_exit(const json_t *status, char *ret, size_t room)
{
	const json_t *last = json_object_get(status, "last_exit");
	long long code = json_integer_value(json_object_get(last, "code"));
	long long signal = json_integer_value(json_object_get(last, "signal"));
	bool oom = json_is_true(json_object_get(last, "oom"));

	if (!json_is_object(last))
		snprintf(ret, room, "ended: %s", member(status, "reason"));
	else if (oom)
		snprintf(ret, room, "was killed for want of memory");
	else if (signal)
		snprintf(ret, room, "was killed by signal %lld", signal);
	else
		snprintf(ret, room, "exited with status %lld", code);
}

static bool ended_well(const json_t *status)
{
	const json_t *last = json_object_get(status, "last_exit");

	return json_is_object(last) && json_integer_value(json_object_get(last, "code")) == 0 &&
	       json_integer_value(json_object_get(last, "signal")) == 0;
}

static enum gate_verdict judge_exited(const json_t *status, char reason[GATE_REASON_MAX])
{
	if (ended_well(status))
		return GATE_PASS;
	describe_exit(status, reason, GATE_REASON_MAX);
	return GATE_FAIL;
}

/* Not good yet: why, for the one who waits in vain. */
static enum gate_verdict judge_waiting(const json_t *status, int64_t restarts_before,
				       char reason[GATE_REASON_MAX])
{
	int64_t crashes = json_integer_value(json_object_get(status, "restarts")) - restarts_before;
	const json_t *probe = json_object_get(status, "probe");
	char how[96];

	if (crashes >= GATE_CRASHES_MAX) {
		describe_exit(status, how, sizeof(how));
		snprintf(reason, GATE_REASON_MAX, "was started %lld times and each time %s",
			 (long long)crashes + 1, how);
		return GATE_FAIL;
	}
	if (json_is_object(probe) && !json_is_true(json_object_get(probe, "ok")))
		snprintf(reason, GATE_REASON_MAX, "its %s probe says: %s", member(probe, "kind"),
			 member(probe, "message"));
	else
		snprintf(reason, GATE_REASON_MAX, "it is %s%s%s", member(status, "state"),
			 *member(status, "reason") ? ": " : "", member(status, "reason"));
	return GATE_WAIT;
}

enum gate_verdict gate_judge(const json_t *status, enum gate_condition condition,
			     int64_t restarts_before, char ret_reason[GATE_REASON_MAX])
{
	const char *state = member(status, "state");

	if (!strcmp(state, "failed")) {
		snprintf(ret_reason, GATE_REASON_MAX, "failed: %s", member(status, "reason"));
		return GATE_FAIL;
	}
	if (!strcmp(state, "stopped")) {
		snprintf(ret_reason, GATE_REASON_MAX, "was stopped");
		return GATE_FAIL;
	}
	if (!strcmp(state, "exited"))
		return condition == GATE_STARTED ? GATE_PASS : judge_exited(status, ret_reason);
	if (condition == GATE_STARTED && !strcmp(state, "running"))
		return GATE_PASS;
	if (condition == GATE_READY && !strcmp(state, "running") &&
	    json_is_true(json_object_get(status, "ready")))
		return GATE_PASS;
	return judge_waiting(status, restarts_before, ret_reason);
}

/* Between two looks, unless the agent has held its answer for so long. */
static void pause_since(int64_t looked_ns, int64_t left_ns)
{
	int64_t rest = (left_ns < PAUSE_NS ? left_ns : PAUSE_NS) - (sp_time_mono_ns() - looked_ns);

	if (rest > 0)
		nanosleep(&(struct timespec){ .tv_nsec = rest }, NULL);
}

/* The agent holds its answer while the workload is on its way to being ready. */
static int just_look(struct operation *o, const struct gate *g, int64_t slice, json_t **ret,
		     struct sp_err *err)
{
	struct agent *a = NULL;
	int r = operation_agent(o, g->node, &a, err);

	if (r < 0)
		return r;
	r = agent_wait_workload(a, g->id, g->condition == GATE_READY ? slice : 1, ret, err);
	return operation_agent_failed(o, a, r, err);
}

static int look(struct operation *o, const struct gate *g, int64_t left, json_t **ret,
		struct sp_err *err)
{
	int64_t slice = left < SLICE_NS ? (left > 0 ? left : 1) : SLICE_NS;
	int r = operation_check(o, err);

	if (r < 0)
		return r;
	return g->look ? g->look(o, g->state, slice, ret, err) : just_look(o, g, slice, ret, err);
}

/* Without a probe, being ready says no more than that it was started: it has to stay so a while. */
static bool has_settled(const struct operation *o, const json_t *status, int64_t *since)
{
	if (strcmp(member(status, "state"), "running") != 0 ||
	    json_is_object(json_object_get(status, "probe")))
		return true;
	if (!*since)
		*since = sp_time_mono_ns();
	return sp_time_mono_ns() - *since >= o->control->config.settle_time_ns;
}

static int refuse(struct operation *o, const char *id, const json_t *status, const char *reason,
		  struct sp_err *err)
{
	bool probing = json_is_object(json_object_get(status, "probe"));
	int r = sp_fail(err, SP_E_UNHEALTHY, "workload '%s': %s", id, reason);

	sp_err_at(err, probing ? SP_STAGE_PROBE : SP_STAGE_START);
	snprintf(o->at.component, sizeof(o->at.component), "agentd");
	snprintf(o->at.next, sizeof(o->at.next), "ctl logs %s --tail 100", id);
	return r;
}

struct waiting {
	const struct gate *gate;
	char began[SP_TIME_STAMP_MAX];
	int64_t restarts; /* of the workload by then; -1: not looked yet */
	enum gate_verdict verdict;
	char reason[GATE_REASON_MAX];
};

/* What it printed since the start that is waited for; since the wait began, where it was started
 * over and over, or never. */
static const char *evidence_since(const struct waiting *w, const json_t *status)
{
	const char *started = member(status, "started_at");
	bool once = json_integer_value(json_object_get(status, "restarts")) == w->restarts;

	return once && *started ? started : w->began;
}

/* It did not pass: it cannot any more, or its time is up. */
static int give_up(struct operation *o, const struct waiting *w, const json_t *status,
		   struct sp_err *err)
{
	const struct gate *g = w->gate;
	char waited[SP_DURATION_MAX];
	int r;

	evidence_gather(o, g->node, g->id, status, evidence_since(w, status));
	r = refuse(o, g->id, status, w->reason, err);
	if (w->verdict == GATE_FAIL)
		return r;
	sp_duration_format(g->timeout_ns, waited);
	return sp_err_prefix(err, "not %s after %s",
			     g->condition == GATE_COMPLETED ? "complete" : "ready", waited);
}

int gate_pass(struct operation *o, const struct gate *g, struct sp_err *err)
{
	int64_t deadline = sp_time_mono_ns() + g->timeout_ns, ready_since = 0;
	struct waiting w = { .gate = g, .restarts = -1 };

	sp_time_format(sp_time_real_ns(), w.began);
	for (;;) {
		autojson json_t *status = NULL;
		int64_t left = deadline - sp_time_mono_ns();
		int r = look(o, g, left, &status, err);

		if (r < 0)
			return r;
		if (w.restarts < 0)
			w.restarts = json_integer_value(json_object_get(status, "restarts"));
		w.verdict = gate_judge(status, g->condition, w.restarts, w.reason);
		if (w.verdict == GATE_PASS &&
		    (g->condition != GATE_READY || has_settled(o, status, &ready_since)))
			return 0;
		if (w.verdict == GATE_WAIT)
			ready_since = 0;
		if (w.verdict == GATE_FAIL || (w.verdict == GATE_WAIT && left <= 0))
			return give_up(o, &w, status, err);
		if (r == 0)
			pause_since(deadline - left, left);
	}
}

int gate_wait(struct operation *o, const char *node, const char *id, enum gate_condition condition,
	      struct sp_err *err)
{
	const struct gate g = { .node = node,
				.id = id,
				.condition = condition,
				.timeout_ns = o->control->config.gate_timeout_ns };

	return gate_pass(o, &g, err);
}
