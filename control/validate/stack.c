/* What can be said without asking a node; see validate.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/deps/deps.h"
#include "control/store/lease.h"
#include "control/validate/validate.h"
#include "stackfile/read.h"

struct validation_at validate_at(const struct validate *v, const struct stack_service *s)
{
	return (struct validation_at){
		.file = v->file, .line = s->at.line, .column = s->at.column, .resource = s->name
	};
}

/* ---- configuration ---- */

static void add_diagnostics(struct validate *v, const struct stack_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct stack_diagnostic *d = &report->list[i];
		struct validation_at at = { .file = d->file,
					    .line = d->at.line,
					    .column = d->at.column,
					    .resource = d->key };

		if (d->severity != STACK_NOTE)
			validation_add(
				&v->found,
				d->severity == STACK_ERROR ? VALIDATION_FAIL : VALIDATION_WARN, &at,
				"%s%s%s%s", d->message, d->suggestion ? " (" : "",
				d->suggestion ? d->suggestion : "", d->suggestion ? ")" : "");
	}
}

/* The same reader a deploy uses, but every finding is kept. */
static void read_findings(struct validate *v, const char *bundle)
{
	autojson json_t *json = NULL;
	struct stack_bundle *b = NULL;
	auto_(stack_free) struct stack *s = NULL;
	struct stack_report report = { 0 };
	struct sp_err err = { 0 };
	int r = sp_json_parse(bundle, strlen(bundle), &json, &err);

	if (r == 0)
		r = stack_bundle_decode(json, &b, &err);
	if (r == 0) {
		struct stack_source source = stack_bundle_source(b);
		struct stack_resolver resolver = stack_bundle_resolver(b);

		r = stack_read(&source, &resolver, &s, &report, &err);
	}
	add_diagnostics(v, &report);
	if (r < 0 && !report.errors)
		validation_add(&v->found, VALIDATION_FAIL, &(struct validation_at){ 0 }, "%s",
			       err.message);
	stack_report_fini(&report);
	stack_bundle_free(b);
}

bool validate_configuration(struct validate *v, const char *bundle)
{
	struct sp_err err = { 0 };

	validation_begin(&v->found, "configuration");
	read_findings(v, bundle);
	if (v->found.counts[VALIDATION_FAIL])
		return false;
	if (desired_read(bundle, &v->d->desired, &err) < 0) {
		validation_add(&v->found, VALIDATION_FAIL, &(struct validation_at){ 0 }, "%s",
			       err.message);
		return false;
	}
	v->file = v->d->desired.bundle->file;
	validation_end(&v->found, "%zu services, %zu tasks, %zu workloads",
		       v->d->desired.stack->n_services, v->d->desired.stack->n_tasks,
		       v->d->desired.n);
	return true;
}

/* ---- dependencies ---- */

/* The ways out of a circle follow the message: "...; way out: ...; way out: ...". */
static void add_refusal(struct validate *v, const struct deps_refusal *refusal,
			const struct sp_err *why)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	struct wire_failure at = { 0 };

	deps_refusal_tell(refusal, v->file, &at);
	sp_buf_puts(&text, why->message);
	for (const char *way = refusal->ways; *way; way += strcspn(way, "\n") + 1)
		sp_buf_printf(&text, "; %.*s", (int)strcspn(way, "\n"), way);
	validation_add(&v->found, VALIDATION_FAIL,
		       &(struct validation_at){ .file = refusal->at.line ? v->file : NULL,
						.line = refusal->at.line,
						.column = refusal->at.column,
						.resource = at.resource,
						.next = at.next },
		       "%s", text.data ? text.data : why->message);
}

void validate_dependencies(struct validate *v)
{
	const struct stack *stack = v->d->desired.stack;
	struct deps_refusal refusal = { 0 };
	struct sp_err err = { 0 };

	validation_begin(&v->found, "dependencies");
	if (deps_look(v->store, stack, v->file, &refusal, &err) < 0)
		add_refusal(v, &refusal, &err);
	validation_end(&v->found, "%zu required stacks run", stack->n_requires);
}

/* ---- tasks ---- */

static int64_t attempts_ns(const struct stack_task *t)
{
	return t->timeout_ns * ((int64_t)t->retries + 1);
}

/* Tasks run one after the other at worst, and an operation is cut off at its timeout. */
void validate_tasks(struct validate *v)
{
	const struct stack *stack = v->d->desired.stack;
	int64_t sum = 0;
	char longest[SP_DURATION_MAX], bound[SP_DURATION_MAX];

	validation_begin(&v->found, "tasks");
	for (size_t i = 0; i < stack->n_tasks; i++) {
		const struct stack_task *t = &stack->tasks[i];
		struct validation_at at = validate_at(v, &t->run);

		sum += attempts_ns(t);
		if (!stack->policy.timeout_ns || attempts_ns(t) <= stack->policy.timeout_ns)
			continue;
		sp_duration_format(attempts_ns(t), longest);
		sp_duration_format(stack->policy.timeout_ns, bound);
		validation_add(&v->found, VALIDATION_FAIL, &at,
			       "task '%s' may take %s with its retries, and an operation is cut "
			       "off after %s (x-stackpilot.policy.timeout)",
			       t->run.name, longest, bound);
	}
	if (stack->policy.timeout_ns && sum > stack->policy.timeout_ns &&
	    !v->found.counts[VALIDATION_FAIL])
		validation_add(&v->found, VALIDATION_WARN,
			       &(struct validation_at){ .file = v->file },
			       "all tasks together may take longer than "
			       "x-stackpilot.policy.timeout");
	validation_end(&v->found, "%zu tasks", stack->n_tasks);
}

/* ---- lock ---- */

static void tell_holder(struct validate *v, const struct store_lease *l)
{
	char since[SP_TIME_STAMP_MAX];

	sp_time_format(l->acquired_at_ns, since);
	validation_add(
		&v->found, VALIDATION_WARN,
		&(struct validation_at){ .resource = l->stack, .next = "ctl lock status STACK" },
		"held by %s on %s since %s%s%s: a deploy is refused or waits", l->locked_by,
		l->host, since, *l->reason ? ", " : "", l->reason);
}

void validate_lock(struct validate *v)
{
	struct store_lease l = { 0 };
	struct sp_err err = { 0 };
	int r = store_lease_get(v->store, v->d->desired.stack->name, &l, &err);

	validation_begin(&v->found, "lock");
	if (r < 0 && r != -ENOENT)
		validation_add(&v->found, VALIDATION_SKIP, &(struct validation_at){ 0 }, "%s",
			       err.message);
	else if (r == 0 && store_lease_is_held(&l))
		tell_holder(v, &l);
	validation_end(&v->found, "nobody holds it");
}

/* ---- permissions ---- */

/* Whoever gets here may deploy: the route is for operators alone. */
void validate_permissions(struct validate *v)
{
	validation_begin(&v->found, "permissions");
	validation_end(&v->found, "%s may deploy", v->requester);
}
