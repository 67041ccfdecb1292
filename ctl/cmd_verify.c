/* ctl verify */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/exit.h"
#include "ctl/output.h"
#include "ctl/table.h"
#include "ctl/verify.h"
#include "ctl/verify_tell.h"

#define NEXT_MAX 3 /* commands suggested at a time */

static const struct ctl_flag flags[] = {
	{ .name = "deep",
	  .type = CTL_BOOL,
	  .help = "also restart every workload, one after the other, and prove it again" },
	{ .name = "stack", .type = CTL_STRING, .value = "STACK", .help = "only this stack" },
	{ .name = "items",
	  .type = CTL_STRING,
	  .value = "PATH",
	  .help = "where services with an http readiness probe keep items, if they declare none" },
	CTL_FLAG_OUTPUT("table|json|yaml|junit"),
	CTL_FLAGS_END,
};

static void verify_health(struct verify *v)
{
	verify_http(v, "liveness", "service health");
}

static void verify_readiness(struct verify *v)
{
	verify_http(v, "readiness", "service ready");
}

/* The order is part of the promise: each looks at what those before it found. */
static void (*const checks[])(struct verify *v) = {
	verify_node_tcp, verify_agents,    verify_identity,  verify_names,
	verify_store,    verify_states,    verify_isolation, verify_ports,
	verify_health,   verify_readiness, verify_spread,    verify_items,
};

static void put_milliseconds(int64_t ns, char *ret, size_t room)
{
	snprintf(ret, room, ns ? "%.1f ms" : "", (double)ns / (double)SP_NS_PER_MS);
}

static int print_table(const struct verify_report *r, struct wire_failure *fail)
{
	static const char *const titles[] = { "RESULT", "CHECK", "SUBJECT", "ADDRESS",
					      "TIME",   "WHY",   NULL };
	auto_(ctl_table_free) struct ctl_table *t = NULL;
	char time[32];
	int code = ctl_table_new(titles, &t, &fail->err);

	for (size_t i = 0; i < r->n && code == 0; i++) {
		const struct verify_line *l = &r->lines[i];
		const char *verdict = verify_verdict_name(l->verdict);

		put_milliseconds(l->took_ns, time, sizeof(time));
		ctl_table_cell(t, ctl_style_of_state(verdict), verdict);
		ctl_table_cell(t, CTL_PLAIN, l->check);
		ctl_table_cell(t, CTL_PLAIN, l->subject);
		ctl_table_cell(t, CTL_PLAIN, l->address);
		ctl_table_cell(t, CTL_PLAIN, time);
		ctl_table_cell(t, CTL_PLAIN, l->message);
	}
	if (code == 0)
		code = ctl_table_print(t, stdout, &fail->err);
	if (code == 0)
		printf("\n%s: %zu passed, %zu warned, %zu failed, %zu skipped\n",
		       verify_report_good(r) ? "PASS" : "FAIL", r->count[VERIFY_PASS],
		       r->count[VERIFY_WARN], r->count[VERIFY_FAIL], r->count[VERIFY_SKIP]);
	return code;
}

/* After a table: what the failures suggest, the first ones first. */
static void print_next(const struct verify_report *r)
{
	const char *next;

	for (size_t i = 0; i < NEXT_MAX && (next = verify_report_next(r, i)); i++)
		fprintf(stderr, "next: %s\n", next);
}

static int print(const struct ctl_args *args, const struct verify_report *r,
		 struct wire_failure *fail)
{
	const char *format = ctl_flag_str(args, "output");
	autobuf struct sp_buf junit = SP_BUF_INIT;
	autojson json_t *json = NULL;

	if (r->no_memory)
		return sp_fail_nomem(&fail->err);
	if (sp_str_eq(format, "junit")) {
		verify_report_junit(r, "ctl verify", &junit);
		if (sp_buf_check(&junit, &fail->err) < 0)
			return sp_err_return(&fail->err);
		fwrite(junit.data, 1, junit.len, stdout);
		return 0;
	}
	if (ctl_wants_table(args))
		return print_table(r, fail);
	json = verify_report_json(r);
	return json ? ctl_print_document(args, json, fail) : sp_fail_nomem(&fail->err);
}

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	struct verify *v = calloc(1, sizeof(*v));
	bool good;
	int r;

	if (!v)
		return sp_fail_nomem(&fail->err);
	v->ctl = ctl;
	v->stack = ctl_flag_str(args, "stack");
	v->items = ctl_flag_str(args, "items");
	r = verify_facts(v, fail);
	for (size_t i = 0; i < SP_COUNT(checks) && r == 0; i++)
		checks[i](v);
	if (r == 0 && ctl_flag_on(args, "deep"))
		verify_deep(v);
	if (r == 0)
		r = print(args, &v->report, fail);
	fflush(stdout);
	if (r == 0 && ctl_wants_table(args))
		print_next(&v->report);
	if (r == 0)
		verify_tell(v);
	good = verify_report_good(&v->report);
	verify_fini(v);
	free(v);
	if (r < 0)
		return r;
	return good ? CTL_EXIT_OK : CTL_EXIT_UNHEALTHY;
}

const struct ctl_command ctl_cmd_verify = {
	.name = "verify",
	.args = "",
	.summary = "prove from outside that nodes and stacks work",
	.details =
		"Exit status 5 says that something failed or could not be checked; a warning fails "
		"nothing. The\nitem check writes an item through one node and reads it through "
		"another.",
	.flags = flags,
	.run = run,
};
