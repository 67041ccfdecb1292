/* `ctl verify --deep`: each service of each stack is restarted, one after the other; it has to be
 * ready again, and what was proved before has to hold. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/output.h"
#include "ctl/url.h"
#include "ctl/verify.h"

#define READY_AGAIN_NS (90 * SP_NS_PER_S)
#define LOOK_EVERY_NS  (300 * SP_NS_PER_MS)

static int restart(struct verify *v, const char *id, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;

	sp_buf_puts(&url, "/v1/workloads/");
	ctl_url_put(&url, id);
	sp_buf_puts(&url, "/restart");
	return ctl_call(v->ctl, "POST", url.data, NULL, NULL, fail);
}

/* Every workload of the stack is ready, and id is a later incarnation than before. */
static bool is_back(const json_t *list, const char *id, json_int_t before)
{
	json_t *w;
	size_t i;

	json_array_foreach (list, i, w) {
		if (sp_str_eq(ctl_json_text(w, "state"), "exited"))
			continue;
		if (!json_is_true(json_object_get(w, "ready")))
			return false;
		if (sp_str_eq(ctl_json_text(w, "id"), id) &&
		    json_integer_value(json_object_get(w, "incarnation")) == before)
			return false;
	}
	return true;
}

static bool await_ready(struct verify *v, const char *stack, const char *id, json_int_t before)
{
	int64_t until = sp_time_mono_ns() + READY_AGAIN_NS;
	autobuf struct sp_buf url = SP_BUF_INIT;

	sp_buf_puts(&url, "/v1/workloads");
	ctl_url_query(&url, "stack", stack);
	while (sp_time_mono_ns() < until) {
		autojson json_t *reply = NULL;
		struct wire_failure fail = { 0 };

		if (ctl_get(v->ctl, url.data, &reply, &fail) == 0 &&
		    is_back(json_object_get(reply, "workloads"), id, before))
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_EVERY_NS }, NULL);
	}
	return false;
}

static void restart_and_watch(struct verify *v, const json_t *w)
{
	const char *id = ctl_json_text(w, "id");
	char next[128];
	struct verify_subject s = { "survives restart", id, ctl_json_text(w, "node"),
				    ctl_json_text(w, "stack"), next };
	json_int_t incarnation = json_integer_value(json_object_get(w, "incarnation"));
	struct wire_failure fail = { 0 };
	int64_t began = sp_time_mono_ns();

	snprintf(next, sizeof(next), "ctl logs --tail 20 %s", id);
	if (restart(v, id, &fail) < 0)
		verify_report_add(&v->report, VERIFY_FAIL, sp_time_mono_ns() - began, &s, "%s",
				  fail.err.message);
	else if (!await_ready(v, ctl_json_text(w, "stack"), id, incarnation))
		verify_report_add(&v->report, VERIFY_FAIL, sp_time_mono_ns() - began, &s,
				  "its stack is not ready again");
	else
		verify_report_add(&v->report, VERIFY_PASS, sp_time_mono_ns() - began, &s, "%s", "");
}

void verify_deep(struct verify *v)
{
	struct verify_subject s = { .check = "survives restart", .name = "workloads" };
	json_t *w;
	size_t i;

	if (v->report.count[VERIFY_FAIL] || v->report.count[VERIFY_SKIP]) {
		verify_report_add(&v->report, VERIFY_SKIP, 0, &s,
				  "nothing is restarted while other checks fail");
		return;
	}
	json_array_foreach (json_object_get(v->workloads_json, "workloads"), i, w) {
		if (strcmp(ctl_json_text(w, "state"), "running"))
			continue;
		restart_and_watch(v, w);
	}
	verify_http(v, "readiness", "ready after restart");
	verify_items(v);
}
