/* See record.h. */
#include "agentd/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/agent.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define RECORD_MAX  65536
#define RECORD_NAME (SP_ID_MAX + 32)

static json_t *exit_json(const struct workload_exit *x)
{
	return json_pack("{s:i, s:i, s:b, s:s, s:I}", "code", x->code, "signal", x->signal, "oom",
			 x->oom, "reason", x->reason, "at_ns", (json_int_t)x->at_ns);
}

static json_t *encode(const struct workload *w)
{
	json_t *o = json_pack(
		"{s:s, s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:b, s:b, s:b, s:i, s:s, s:I, s:i}",
		"state", workload_state_name(w->state), "reason", w->reason, "reason_code",
		w->reason_code, "since_ns", (json_int_t)w->since_ns, "incarnation",
		(json_int_t)w->incarnation, "restarts", (json_int_t)w->restarts, "failures",
		(json_int_t)w->failures, "started_at_ns", (json_int_t)w->started_at_ns,
		"next_start_at_ns", (json_int_t)w->next_start_at_ns, "made_digest", w->made_digest,
		"ready", w->ready, "started", w->started, "held", w->held, "stopping",
		(int)w->stopping, "warning", w->warning, "oom_kills", (json_int_t)w->oom_kills,
		"stop_signal", w->stop_signal);

	if (o && w->last_exit.present &&
	    json_object_set_new(o, "last_exit", exit_json(&w->last_exit)) < 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

void record_save(const struct workload *w, bool durable)
{
	char name[RECORD_NAME];
	autojson json_t *json = encode(w);
	autofree char *text = json ? sp_json_text(json) : NULL;
	struct sp_err err = { 0 };
	int r;

	snprintf(name, sizeof(name), "%s/state.json", w->spec->id);
	if (!text)
		r = sp_fail_nomem(&err);
	else if (durable)
		r = sp_file_replace_at(w->agent->dirs.workloads, name, text, strlen(text), 0600,
				       &err);
	else
		r = sp_file_swap_at(w->agent->dirs.workloads, name, text, strlen(text), 0600, &err);
	if (r < 0)
		sp_log(SP_LOG_ERROR, "workload.record", SP_STR("id", w->spec->id), SP_ERR(&err));
}

static void decode_exit(json_t *object, struct workload_exit *ret, struct sp_err *err)
{
	struct sp_json_reader r;

	sp_json_open(&r, object, "last_exit", err);
	ret->code = (int)sp_json_need_int(&r, "code", INT32_MIN, INT32_MAX);
	ret->signal = (int)sp_json_need_int(&r, "signal", 0, INT32_MAX);
	ret->oom = sp_json_bool(&r, "oom", false);
	ret->at_ns = sp_json_need_int(&r, "at_ns", 0, INT64_MAX);
	snprintf(ret->reason, sizeof(ret->reason), "%s", sp_json_str(&r, "reason", ""));
	ret->present = sp_json_done(&r) == 0;
}

static int decode_state(struct sp_json_reader *r, struct workload *w)
{
	const char *name = sp_json_need_str(r, "state");
	int state = name ? workload_state_parse(name) : -1;

	if (state < 0)
		sp_json_refuse(r, "state", "is not known");
	else
		w->state = (enum workload_state)state;
	return r->error;
}

static int decode(json_t *json, struct workload *w, struct sp_err *err)
{
	struct sp_json_reader r;
	json_t *last;

	sp_json_open(&r, json, "state", err);
	decode_state(&r, w);
	snprintf(w->reason, sizeof(w->reason), "%s", sp_json_str(&r, "reason", ""));
	snprintf(w->warning, sizeof(w->warning), "%s", sp_json_str(&r, "warning", ""));
	snprintf(w->made_digest, sizeof(w->made_digest), "%s", sp_json_str(&r, "made_digest", ""));
	w->reason_code = (int)sp_json_int(&r, "reason_code", 0, INT32_MAX, 0);
	w->since_ns = sp_json_int(&r, "since_ns", 0, INT64_MAX, 0);
	w->incarnation = (uint64_t)sp_json_need_int(&r, "incarnation", 0, INT64_MAX);
	w->restarts = (uint32_t)sp_json_int(&r, "restarts", 0, UINT32_MAX, 0);
	w->failures = (uint32_t)sp_json_int(&r, "failures", 0, UINT32_MAX, 0);
	w->started_at_ns = sp_json_int(&r, "started_at_ns", 0, INT64_MAX, 0);
	w->next_start_at_ns = sp_json_int(&r, "next_start_at_ns", 0, INT64_MAX, 0);
	w->ready = sp_json_bool(&r, "ready", false);
	w->started = sp_json_bool(&r, "started", false);
	w->held = sp_json_bool(&r, "held", false);
	w->stopping = (enum workload_stop)sp_json_int(&r, "stopping", 0, STOP_STARTUP, 0);
	w->oom_kills = (uint64_t)sp_json_int(&r, "oom_kills", 0, INT64_MAX, 0);
	w->stop_signal = (int)sp_json_int(&r, "stop_signal", 0, 64, 0);
	last = sp_json_object(&r, "last_exit");
	if (last && !r.error)
		decode_exit(last, &w->last_exit, err);
	return sp_json_done(&r);
}

int record_load(struct workload *w, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	autojson json_t *json = NULL;
	struct sp_err why = { 0 };
	char name[RECORD_NAME];
	int r;

	snprintf(name, sizeof(name), "%s/state.json", w->spec->id);
	r = sp_file_read_at(w->agent->dirs.workloads, name, RECORD_MAX, &text, &why);
	if (r == -ENOENT)
		return 0;
	if (r == -ENOMEM)
		return sp_fail_nomem(err);
	if (r == 0)
		r = sp_json_parse(text.data ? text.data : "", text.len, &json, &why);
	if (r == 0)
		r = decode(json, w, &why);
	if (r < 0)
		sp_log(SP_LOG_WARN, "workload.record", SP_STR("id", w->spec->id), SP_ERR(&why));
	return r == 0;
}
