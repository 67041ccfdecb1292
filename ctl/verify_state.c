/* Is every workload that was deployed there, and is it as it should be? As its agent says. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "ctl/output.h"
#include "ctl/verify.h"

/* A job that is over ended well: its state would be "failed" otherwise. */
static bool is_well(const json_t *w)
{
	const char *state = ctl_json_text(w, "state");

	return sp_str_eq(state, "exited") ||
	       (sp_str_eq(state, "running") && json_is_true(json_object_get(w, "ready")));
}

static bool is_stopped(const json_t *w)
{
	const char *state = ctl_json_text(w, "state");

	return sp_str_eq(state, "stopped") || sp_str_eq(state, "stopping");
}

/* A workload that runs and is not ready has a probe that says why. */
static void tell_illness(struct verify *v, const struct verify_subject *s, const json_t *w)
{
	const char *state = ctl_json_text(w, "state"), *probe = ctl_json_text(w, "probe.message");

	if (sp_str_eq(state, "running"))
		verify_report_add(&v->report, VERIFY_FAIL, 0, s, "it is not ready%s%s",
				  *probe ? ": " : "", probe);
	else
		verify_report_add(&v->report, VERIFY_FAIL, 0, s, "it is %s: %s", state,
				  ctl_json_text(w, "reason"));
}

static void check_workload(struct verify *v, const json_t *w)
{
	const char *id = ctl_json_text(w, "id"), *node = ctl_json_text(w, "node");
	const struct verify_node *n = verify_node_named(v, node);
	char next[128];
	struct verify_subject s = { "workload", id, node, ctl_json_text(w, "stack"), next };

	snprintf(next, sizeof(next), is_stopped(w) ? "ctl start %s" : "ctl logs --tail 20 %s", id);
	if (!n || !n->ready)
		verify_report_add(&v->report, VERIFY_SKIP, 0, &s, "its agent is not ready");
	else if (is_well(w))
		verify_report_add(&v->report, VERIFY_PASS, 0, &s, "%s", "");
	else
		tell_illness(v, &s, w);
}

static size_t count_of(const json_t *workloads, const char *stack, const char *service)
{
	const json_t *w;
	size_t i, n = 0;

	json_array_foreach (workloads, i, w)
		n += sp_str_eq(ctl_json_text(w, "stack"), stack) &&
		     sp_str_eq(ctl_json_text(w, "service"), service);
	return n;
}

/* What is gone has no line of its own: its service says how many there are. */
static void check_service(struct verify *v, const char *stack, const json_t *service)
{
	const char *name = ctl_json_text(service, "name");
	json_int_t wanted = json_integer_value(json_object_get(service, "replicas"));
	size_t n = count_of(json_object_get(v->workloads_json, "workloads"), stack, name);
	char subject[200], next[128];
	struct verify_subject s = { "workload", subject, "", stack, next };

	if ((json_int_t)n >= wanted)
		return;
	snprintf(subject, sizeof(subject), "%s/%s", stack, name);
	snprintf(next, sizeof(next), "ctl drift detect %s", stack);
	verify_report_add(&v->report, VERIFY_FAIL, 0, &s, "%zu of %lld are there", n,
			  (long long)wanted);
}

static void check_services(struct verify *v, const json_t *stack)
{
	const char *name = ctl_json_text(stack, "name");
	const json_t *service;
	size_t i;

	if (v->stack && strcmp(v->stack, name))
		return;
	if (json_integer_value(json_object_get(stack, "revision")) == 0)
		return; /* nothing of it was ever promised */
	json_array_foreach (json_object_get(stack, "services"), i, service)
		check_service(v, name, service);
}

void verify_states(struct verify *v)
{
	struct verify_subject none = { .check = "workload", .name = "workloads" };
	const json_t *one;
	size_t i;

	if (v->silence.err.code)
		verify_report_add(&v->report, VERIFY_SKIP, 0, &none, "controld does not answer");
	json_array_foreach (json_object_get(v->workloads_json, "workloads"), i, one)
		check_workload(v, one);
	json_array_foreach (json_object_get(v->stacks_json, "stacks"), i, one)
		check_services(v, one);
}
