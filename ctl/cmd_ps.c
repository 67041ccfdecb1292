/* ctl ps */
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "ctl/resolve.h"
#include "ctl/url.h"

static const struct ctl_flag flags[] = {
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

/* "running" that does not serve yet, or no more, is told apart. */
static void put_state(const json_t *row, struct sp_buf *out)
{
	const char *state = ctl_json_text(row, "state");
	const json_t *ready = ctl_json_at(row, "ready");

	if (sp_str_eq(state, "running") && ready)
		state = json_is_true(ready) ? "ready" : "not ready";
	sp_buf_puts(out, state);
}

static void put_age(const json_t *row, struct sp_buf *out)
{
	ctl_put_age(ctl_json_text(row, "started_at"), out);
}

/* What the probe says of a workload that runs and does not serve; empty for any other. */
static void put_probe(const json_t *row, struct sp_buf *out)
{
	const char *message = ctl_json_text(row, "probe.message");

	if (sp_str_eq(ctl_json_text(row, "state"), "running") &&
	    json_is_false(ctl_json_at(row, "ready")) &&
	    json_is_false(ctl_json_at(row, "probe.ok")) && *message)
		sp_buf_printf(out, "%s probe: %s; ", ctl_json_text(row, "probe.kind"), message);
}

/* Why it is in its state; for what runs again after an exit, how that ended. */
static void put_why(const json_t *row, struct sp_buf *out)
{
	const char *reason = ctl_json_text(row, "reason");
	const char *exit_reason = ctl_json_text(row, "last_exit.reason");

	put_probe(row, out);
	sp_buf_puts(out, reason);
	if (*exit_reason && !sp_str_eq(exit_reason, reason))
		sp_buf_printf(out, "%slast exit: %s", *reason ? "; " : "", exit_reason);
}

static const struct ctl_column columns[] = {
	{ .title = "WORKLOAD", .path = "id" },
	{ .title = "NODE", .path = "node" },
	{ .title = "STATE", .text = put_state, .state = true },
	{ .title = "RESTARTS", .path = "restarts" },
	{ .title = "AGE", .text = put_age },
	{ .title = "ADDRESS", .path = "address" },
	{ .title = "PORTS", .path = "ports" },
	{ .title = "IMAGE", .path = "image", .wide = true },
	{ .title = "PID", .path = "pid", .wide = true },
	{ .title = "WHY", .text = put_why },
	CTL_COLUMNS_END,
};

/* No workloads is an answer only where there is such a stack. */
static int check_stack(struct ctl *ctl, const char *stack, struct wire_failure *fail)
{
	autojson json_t *ignored = NULL;
	autobuf struct sp_buf url = SP_BUF_INIT;

	sp_buf_puts(&url, "/v1/stacks/");
	ctl_url_put(&url, stack);
	return ctl_get(ctl, url.data, &ignored, fail);
}

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *document = NULL;
	autobuf struct sp_buf url = SP_BUF_INIT;
	int r;

	sp_buf_puts(&url, "/v1/workloads");
	ctl_url_query(&url, "stack", args->n_positional ? args->positional[0] : NULL);
	r = ctl_get(ctl, url.data, &document, fail);
	if (r == 0 && args->n_positional &&
	    !json_array_size(json_object_get(document, "workloads")))
		r = check_stack(ctl, args->positional[0], fail);
	if (r < 0)
		return r;
	r = ctl_print_list(args, document, json_object_get(document, "workloads"), columns, fail);
	return r < 0 ? r : ctl_warn_unreachable(document);
}

const struct ctl_command ctl_cmd_ps = {
	.name = "ps",
	.args = "[STACK]",
	.summary = "list the workloads, where they run and how they are",
	.details =
		"Exit status 7 says that a node did not answer, so that its workloads are told as they were\nlast known.",
	.flags = flags,
	.args_max = 1,
	.run = run,
};
