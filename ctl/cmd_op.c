/* ctl op ls, op show, op cancel */
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/failure.h"
#include "ctl/follow.h"
#include "ctl/output.h"
#include "ctl/url.h"

static const struct ctl_flag list_flags[] = {
	{ .name = "stack", .type = CTL_STRING, .value = "STACK", .help = "only of this stack" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag show_flags[] = {
	{ .name = "follow",
	  .letter = 'f',
	  .type = CTL_BOOL,
	  .help = "show its progress until it ends; the exit status tells how" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static void put_age(const json_t *row, struct sp_buf *out)
{
	ctl_put_age(ctl_json_text(row, "created_at"), out);
}

static void put_took(const json_t *row, struct sp_buf *out)
{
	const char *start = ctl_json_text(row, "created_at");

	if (!*start)
		start = ctl_json_text(row, "started_at");
	ctl_put_took(start, ctl_json_text(row, "finished_at"), out);
}

static const struct ctl_column list_columns[] = {
	{ .title = "OPERATION", .path = "id" },
	{ .title = "KIND", .path = "kind" },
	{ .title = "STACK", .path = "stack" },
	{ .title = "STATE", .path = "state", .state = true },
	{ .title = "BEGAN", .text = put_age },
	{ .title = "TOOK", .text = put_took },
	{ .title = "ATTEMPT", .path = "attempt", .wide = true },
	{ .title = "BY", .path = "requested_by", .wide = true },
	{ .title = "ERROR", .path = "error.message" },
	CTL_COLUMNS_END,
};

static int run_ls(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *document = NULL;
	int r;

	sp_buf_puts(&url, "/v1/operations");
	ctl_url_query(&url, "stack", ctl_flag_str(args, "stack"));
	r = ctl_get(ctl, url.data, &document, fail);
	if (r < 0)
		return r;
	return ctl_print_list(args, document, json_object_get(document, "operations"), list_columns,
			      fail);
}

static void put_message(const json_t *row, struct sp_buf *out)
{
	const char *error = ctl_json_text(row, "error.message");

	sp_buf_puts(out, *error ? error : ctl_json_text(row, "message"));
}

static const struct ctl_column step_columns[] = {
	{ .title = "STEP", .path = "number" },
	{ .title = "NAME", .path = "name" },
	{ .title = "NODE", .path = "node" },
	{ .title = "RESOURCE", .path = "resource" },
	{ .title = "STATE", .path = "state", .state = true },
	{ .title = "ATTEMPT", .path = "attempt" },
	{ .title = "TOOK", .text = put_took },
	{ .title = "MESSAGE", .text = put_message },
	CTL_COLUMNS_END,
};

static const struct ctl_column head_columns[] = {
	{ .title = "operation", .path = "id" },
	{ .title = "kind", .path = "kind" },
	{ .title = "stack", .path = "stack" },
	{ .title = "state", .path = "state" },
	{ .title = "attempt", .path = "attempt" },
	{ .title = "direction", .path = "direction" },
	{ .title = "cancelled", .path = "cancelled_by" },
	{ .title = "created", .path = "created_at" },
	{ .title = "finished", .path = "finished_at" },
	{ .title = "by", .path = "requested_by" },
	CTL_COLUMNS_END,
};

static int print_operation(const struct ctl_args *args, const json_t *op, struct wire_failure *fail)
{
	struct wire_failure why = { 0 };
	int r = ctl_print_object(args, op, head_columns, fail);

	if (r < 0 || !ctl_wants_table(args))
		return r;
	putchar('\n');
	r = ctl_print_list(args, op, json_object_get(op, "steps"), step_columns, fail);
	if (r == 0 && json_is_object(json_object_get(op, "error"))) {
		wire_failure_decode(json_object_get(op, "error"), &why);
		fflush(stdout);
		ctl_failure_print(&why, stderr);
	}
	ctl_follow_warn(op);
	return r;
}

static int run_show(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *op = NULL;
	const char *id = args->positional[0];
	bool follow = ctl_flag_on(args, "follow");
	int r;

	if (follow) {
		r = ctl_follow(ctl, id, &op, fail);
	} else {
		autobuf struct sp_buf url = SP_BUF_INIT;

		sp_buf_puts(&url, "/v1/operations/");
		ctl_url_put(&url, id);
		r = ctl_get(ctl, url.data, &op, fail);
	}
	if (r < 0)
		return r;
	r = print_operation(args, op, fail);
	return r < 0 || !follow ? r : (int)ctl_follow_exit(op);
}

static const struct ctl_flag cancel_flags[] = {
	{ .name = "detach",
	  .letter = 'd',
	  .type = CTL_BOOL,
	  .help = "do not follow it while it reverts" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

/* Reverted is what was asked for. */
static int tell_cancelled(const struct ctl_args *args, const json_t *op, struct wire_failure *fail)
{
	const char *state = ctl_json_text(op, "state");

	if (!sp_str_eq(state, "reverted") && !sp_str_eq(state, "failed")) {
		int code = ctl_follow_finish(args, op, "had come to its end already", fail);

		return code == CTL_EXIT_OK ? (int)CTL_EXIT_FAILED : code;
	}
	if (!ctl_wants_table(args))
		return ctl_print_document(args, op, fail);
	printf("operation %s: cancelled, stack '%s' is as it was before\n", ctl_json_text(op, "id"),
	       ctl_json_text(op, "stack"));
	return 0;
}

static int run_cancel(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *accepted = NULL, *op = NULL;
	autobuf struct sp_buf url = SP_BUF_INIT;
	const char *id = args->positional[0];
	int r;

	sp_buf_puts(&url, "/v1/operations/");
	ctl_url_put(&url, id);
	sp_buf_puts(&url, "/cancel");
	r = ctl_call(ctl, "POST", url.data, NULL, &accepted, fail);
	if (r < 0 || ctl_flag_on(args, "detach"))
		return r;
	r = ctl_follow(ctl, id, &op, fail);
	return r < 0 ? r : tell_cancelled(args, op, fail);
}

const struct ctl_command ctl_cmd_op_ls = {
	.name = "op ls",
	.args = "",
	.summary = "list the operations, newest first",
	.flags = list_flags,
	.run = run_ls,
};

const struct ctl_command ctl_cmd_op_show = {
	.name = "op show",
	.args = "OPERATION",
	.summary = "show an operation with its steps",
	.flags = show_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_show,
};

const struct ctl_command ctl_cmd_op_cancel = {
	.name = "op cancel",
	.args = "OPERATION",
	.summary = "stop a running operation and put its stack back",
	.details = "It ends at its next step, or at the gate it waits for, and reverts.",
	.flags = cancel_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_cancel,
};
