/* ctl drift detect, show, fix */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "ctl/change.h"
#include "ctl/commands.h"
#include "ctl/confirm.h"
#include "ctl/ctl.h"
#include "ctl/failure.h"
#include "ctl/follow.h"
#include "ctl/output.h"
#include "ctl/url.h"

#define RESOURCE_HELP "only this one: WORKLOAD, node/NAME, or either with /FIELD"

static const struct ctl_flag look_flags[] = {
	{ .name = "resource", .type = CTL_STRING, .value = "R", .help = RESOURCE_HELP },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag fix_flags[] = {
	{ .name = "resource", .type = CTL_STRING, .value = "R", .help = RESOURCE_HELP },
	{ .name = "dry-run", .type = CTL_BOOL, .help = "look, and tell what would be repaired" },
	CTL_FLAGS_LOCK,
	CTL_FLAG_YES,
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_column columns[] = {
	{ .title = "RESOURCE", .path = "resource" },
	{ .title = "FIELD", .path = "field" },
	{ .title = "TYPE", .path = "type" },
	{ .title = "SEVERITY", .path = "severity" },
	{ .title = "EXPECTED", .path = "expected" },
	{ .title = "ACTUAL", .path = "actual" },
	{ .title = "NODE", .path = "node", .wide = true },
	{ .title = "IMPACT", .path = "impact", .wide = true },
	{ .title = "FIX", .path = "fix", .wide = true },
	CTL_COLUMNS_END,
};

static const struct ctl_column repair_columns[] = {
	{ .title = "RESOURCE", .path = "resource" }, { .title = "FIELD", .path = "field" },
	{ .title = "EXPECTED", .path = "expected" }, { .title = "ACTUAL", .path = "actual" },
	{ .title = "REPAIR", .path = "repair" },     CTL_COLUMNS_END,
};

static void put_url(struct sp_buf *url, const char *stack, const char *rest)
{
	sp_buf_puts(url, "/v1/stacks/");
	ctl_url_put(url, stack);
	sp_buf_puts(url, rest);
}

static int call(struct ctl *ctl, const struct ctl_args *args, const char *method, json_t **ret,
		struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;

	put_url(&url, args->positional[0], "/drift");
	ctl_url_query(&url, "resource", ctl_flag_str(args, "resource"));
	return ctl_call(ctl, method, url.data, NULL, ret, fail);
}

static bool is_meant(const json_t *finding, const char *resource)
{
	const char *of = ctl_json_text(finding, "resource");
	size_t n = strlen(of);

	return !strcmp(resource, of) ||
	       (!strncmp(resource, of, n) && resource[n] == '/' &&
		!strcmp(resource + n + 1, ctl_json_text(finding, "field")));
}

/* Keep in the report what --resource asks for. */
static void narrow(const struct ctl_args *args, json_t *report)
{
	json_t *findings = json_object_get(report, "findings");
	const char *resource = ctl_flag_str(args, "resource");

	for (size_t i = json_array_size(findings); resource && i > 0; i--)
		if (!is_meant(json_array_get(findings, i - 1), resource))
			json_array_remove(findings, i - 1);
}

static enum ctl_exit exit_of(const json_t *report)
{
	if (json_array_size(json_object_get(report, "findings")))
		return CTL_EXIT_CHANGES;
	return json_array_size(json_object_get(report, "unreachable")) ? CTL_EXIT_UNREACHABLE
								       : CTL_EXIT_OK;
}

/* On stderr: a list without rows says little, and that of half the nodes less. */
static void say(const json_t *report)
{
	size_t n = json_array_size(json_object_get(report, "findings")), i;
	long long ignored = json_integer_value(json_object_get(report, "ignored"));
	const json_t *node;

	fprintf(stderr, "stack '%s': ", ctl_json_text(report, "stack"));
	if (n)
		fprintf(stderr, "%zu difference%s", n, n == 1 ? "" : "s");
	else if (json_array_size(json_object_get(report, "unreachable")))
		fprintf(stderr, "no difference on the nodes that answer");
	else
		fprintf(stderr, "as deployed");
	if (ignored)
		fprintf(stderr, ", %lld ignored", ignored);
	fputc('\n', stderr);
	json_array_foreach (json_object_get(report, "unreachable"), i, node) {
		fprintf(stderr, "node '%s' does not answer: what it has is unknown\n",
			json_string_value(node));
	}
	if (n)
		fprintf(stderr, "next: ctl drift fix %s\n", ctl_json_text(report, "stack"));
}

static int print(const struct ctl_args *args, const json_t *report, const struct ctl_column *shown,
		 struct wire_failure *fail)
{
	json_t *findings = json_object_get(report, "findings");
	int r = 0;

	if (!ctl_wants_table(args))
		r = ctl_print_document(args, report, fail);
	else if (json_array_size(findings))
		r = ctl_print_list(args, report, findings, shown, fail);
	fflush(stdout);
	if (ctl_wants_table(args))
		say(report);
	return r < 0 ? r : (int)exit_of(report);
}

static int look(struct ctl *ctl, const struct ctl_args *args, const char *method,
		const struct ctl_column *shown, struct wire_failure *fail)
{
	autojson json_t *report = NULL;
	int r = call(ctl, args, method, &report, fail);

	if (r < 0)
		return r;
	narrow(args, report);
	return print(args, report, shown, fail);
}

static int run_detect(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	return look(ctl, args, "POST", columns, fail);
}

static int run_show(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	return look(ctl, args, "GET", columns, fail);
}

/* What a fix would do; as the fix itself, it refuses to repair what does not differ. */
static int look_at_repairs(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	const char *resource = ctl_flag_str(args, "resource");
	autojson json_t *report = NULL;
	int r = call(ctl, args, "POST", &report, fail);

	if (r < 0)
		return r;
	narrow(args, report);
	if (resource && !json_array_size(json_object_get(report, "findings")) &&
	    !json_array_size(json_object_get(report, "unreachable"))) {
		snprintf(fail->next, sizeof(fail->next), "ctl drift detect %s",
			 args->positional[0]);
		return sp_fail(&fail->err, SP_E_NOT_FOUND, "no difference at '%s'", resource);
	}
	return print(args, report, repair_columns, fail);
}

static size_t count_repairs(const json_t *op)
{
	const json_t *step;
	size_t i, n = 0;

	json_array_foreach (json_object_get(op, "steps"), i, step) {
		n += !strcmp(ctl_json_text(step, "name"), "repair");
	}
	return n;
}

static int finish(const struct ctl_args *args, const json_t *op, struct wire_failure *fail)
{
	enum ctl_exit code = ctl_follow_exit(op);
	struct wire_failure why = { 0 };

	if (!ctl_wants_table(args))
		return ctl_print_document(args, op, fail) < 0 ? sp_err_return(&fail->err)
							      : (int)code;
	printf("operation %s: stack '%s': %zu repair%s, %s\n", ctl_json_text(op, "id"),
	       args->positional[0], count_repairs(op), count_repairs(op) == 1 ? "" : "s",
	       ctl_json_text(op, "state"));
	fflush(stdout);
	if (code != CTL_EXIT_OK && json_is_object(json_object_get(op, "error"))) {
		wire_failure_decode(json_object_get(op, "error"), &why);
		ctl_failure_print(&why, stderr);
	}
	return code;
}

static int run_fix(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	const char *stack = args->positional[0], *resource = ctl_flag_str(args, "resource");
	autojson json_t *body = json_pack("{s:s*}", "resource", resource), *op = NULL;
	autobuf struct sp_buf url = SP_BUF_INIT, about = SP_BUF_INIT;
	int r;

	if (ctl_flag_on(args, "dry-run"))
		return look_at_repairs(ctl, args, fail);
	put_url(&about, stack, "");
	r = ctl_confirm(ctl, args, about.data, fail, "repair %s of stack '%s'?",
			resource ? resource : "everything that differs", stack);
	if (r != 0)
		return r;
	put_url(&url, stack, "/drift/fix");
	r = ctl_follow_change(ctl, args, "POST", &url, body, &op, fail);
	return r < 0 ? r : finish(args, op, fail);
}

const struct ctl_command ctl_cmd_drift_detect = {
	.name = "drift detect",
	.args = "STACK",
	.summary = "compare the hosts with what was deployed",
	.details =
		"Read from the kernels of the nodes. Exit status 2: there are differences; 7: none, "
		"but a node did not answer.",
	.flags = look_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_detect,
};

const struct ctl_command ctl_cmd_drift_show = {
	.name = "drift show",
	.args = "STACK",
	.summary = "show what the last comparison found",
	.details = "Exit statuses as of drift detect.",
	.flags = look_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_show,
};

const struct ctl_command ctl_cmd_drift_fix = {
	.name = "drift fix",
	.args = "STACK",
	.summary = "repair what differs from what was deployed",
	.details =
		"What can be set while a workload runs is set; what a process was born with takes a "
		"restart. Afterwards the hosts are looked at again. With --dry-run the exit status "
		"is that of drift detect.",
	.flags = fix_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_fix,
};
