/* ctl stack ls */
#include "base/json.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "ctl/stack_cells.h"

static const struct ctl_flag flags[] = {
	{ .name = "status",
	  .type = CTL_BOOL,
	  .help = "with the last operation, the lock, the snapshots and the drift of each" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

/* "db 1/1,api 2/2" */
static void put_services(const json_t *row, struct sp_buf *out)
{
	json_t *service;
	size_t i;

	if (json_integer_value(json_object_get(row, "revision")) == 0)
		sp_buf_puts(out, "none, no deploy has succeeded");
	json_array_foreach (json_object_get(row, "services"), i, service) {
		sp_buf_printf(out, "%s%s", i ? "," : "", ctl_json_text(service, "name"));
		if (json_object_get(service, "replicas"))
			sp_buf_printf(
				out, " %lld/%lld",
				(long long)json_integer_value(json_object_get(service, "ready")),
				(long long)json_integer_value(
					json_object_get(service, "replicas")));
	}
}

static void put_age(const json_t *row, struct sp_buf *out)
{
	ctl_put_age(ctl_json_text(row, "updated_at"), out);
}

static const struct ctl_column columns[] = {
	{ .title = "STACK", .path = "name" },
	{ .title = "STATE", .path = "state", .state = true },
	{ .title = "REVISION", .path = "revision" },
	{ .title = "SERVICES", .text = put_services },
	{ .title = "CHANGED", .text = put_age },
	{ .title = "EXPIRES", .text = stack_put_expires },
	{ .title = "OPERATION", .path = "operation", .wide = true },
	{ .title = "DIGEST", .path = "digest", .wide = true },
	CTL_COLUMNS_END,
};

static const struct ctl_column status_columns[] = {
	{ .title = "STACK", .path = "name" },
	{ .title = "STATE", .path = "state", .state = true },
	{ .title = "REVISION", .path = "revision" },
	{ .title = "SERVICES", .text = put_services },
	{ .title = "CHANGED", .text = put_age },
	{ .title = "EXPIRES", .text = stack_put_expires },
	{ .title = "LAST OPERATION", .text = stack_put_operation },
	{ .title = "LOCK", .text = stack_put_lock },
	{ .title = "SNAPSHOTS", .path = "snapshots.count" },
	{ .title = "DRIFT", .text = stack_put_drift },
	{ .title = "EXECUTIONS", .text = stack_put_executions, .wide = true },
	{ .title = "DIGEST", .path = "digest", .wide = true },
	CTL_COLUMNS_END,
};

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	bool status = ctl_flag_on(args, "status");
	autojson json_t *document = NULL;
	int r = ctl_get(ctl, status ? "/v1/stacks?status=1" : "/v1/stacks", &document, fail);

	return r < 0 ? r
		     : ctl_print_list(args, document, json_object_get(document, "stacks"),
				      status ? status_columns : columns, fail);
}

const struct ctl_command ctl_cmd_stack_ls = {
	.name = "stack ls",
	.args = "",
	.summary = "list the stacks",
	.flags = flags,
	.run = run,
};
