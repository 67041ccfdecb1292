/* ctl stack show */
#include <stdio.h>

#include "base/json.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "ctl/stack_cells.h"
#include "ctl/url.h"

static const struct ctl_flag flags[] = {
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_column head_columns[] = {
	{ .title = "stack", .path = "name" },
	{ .title = "status", .path = "state" },
	{ .title = "version", .path = "revision" },
	{ .title = "digest", .path = "digest" },
	{ .title = "changed", .path = "updated_at" },
	{ .title = "expires", .text = stack_put_expires },
	{ .title = "executions", .text = stack_put_executions },
	{ .title = "last operation", .text = stack_put_operation },
	{ .title = "lock", .text = stack_put_lock },
	{ .title = "snapshots", .text = stack_put_snapshots },
	{ .title = "drift", .text = stack_put_drift },
	{ .title = "last verify", .text = stack_put_verify },
	{ .title = "requires", .path = "dependencies.direct" },
	{ .title = "required by", .path = "dependencies.dependents" },
	CTL_COLUMNS_END,
};

static const struct ctl_column resource_columns[] = {
	{ .title = "RESOURCE", .path = "name" },
	{ .title = "KIND", .path = "kind" },
	{ .title = "DETAIL", .path = "detail" },
	CTL_COLUMNS_END,
};

static void put_since(const json_t *row, struct sp_buf *out)
{
	ctl_put_age(ctl_json_text(row, "since"), out);
}

static const struct ctl_column workload_columns[] = {
	{ .title = "WORKLOAD", .path = "id" },
	{ .title = "NODE", .path = "node" },
	{ .title = "STATE", .path = "state", .state = true },
	{ .title = "READY", .path = "ready" },
	{ .title = "SINCE", .text = put_since },
	{ .title = "RESTARTS", .path = "restarts" },
	{ .title = "ADDRESS", .path = "address", .wide = true },
	{ .title = "REASON", .path = "reason", .wide = true },
	CTL_COLUMNS_END,
};

static int print_rows(const struct ctl_args *args, const json_t *stack, const char *key,
		      const struct ctl_column *columns, struct wire_failure *fail)
{
	const json_t *rows = json_object_get(stack, key);

	if (!json_array_size(rows))
		return 0;
	putchar('\n');
	return ctl_print_list(args, rows, rows, columns, fail);
}

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *stack = NULL;
	int r;

	sp_buf_puts(&url, "/v1/stacks/");
	ctl_url_put(&url, args->positional[0]);
	r = ctl_get(ctl, url.data, &stack, fail);
	if (r == 0)
		r = ctl_print_object(args, stack, head_columns, fail);
	if (r < 0 || !ctl_wants_table(args))
		return r;
	r = print_rows(args, stack, "resources", resource_columns, fail);
	return r < 0 ? r : print_rows(args, stack, "workloads", workload_columns, fail);
}

const struct ctl_command ctl_cmd_stack_show = {
	.name = "stack show",
	.args = "STACK",
	.summary = "show a stack: its version, its past, its parts, its lock, its snapshots",
	.flags = flags,
	.args_min = 1,
	.args_max = 1,
	.run = run,
};
