/* ctl node ls, show, token, rm */
#include <stdio.h>

#include "base/json.h"
#include "base/time.h"
#include "ctl/commands.h"
#include "ctl/confirm.h"
#include "ctl/ctl.h"
#include "ctl/exit.h"
#include "ctl/output.h"
#include "ctl/terminal.h"
#include "ctl/url.h"

static const struct ctl_flag list_flags[] = {
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag token_flags[] = {
	{ .name = "ttl", .type = CTL_DURATION, .help = "how long the token may be used; 1h" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag rm_flags[] = { CTL_FLAG_YES, CTL_FLAGS_END };

static void put_memory(const json_t *row, struct sp_buf *out)
{
	const json_t *bytes = ctl_json_at(row, "info.memory_bytes");

	if (bytes)
		ctl_put_bytes(json_integer_value(bytes), out);
}

static void put_disk(const json_t *row, struct sp_buf *out)
{
	const json_t *bytes = ctl_json_at(row, "info.disk_free_bytes");

	if (bytes)
		ctl_put_bytes(json_integer_value(bytes), out);
}

static void put_seen(const json_t *row, struct sp_buf *out)
{
	ctl_put_age(ctl_json_text(row, "last_seen"), out);
}

static void put_labels(const json_t *row, struct sp_buf *out)
{
	const char *key, *before = "";
	json_t *value;

	json_object_foreach (json_object_get(row, "labels"), key, value) {
		sp_buf_printf(out, "%s%s=", before, key);
		ctl_put_value(value, out);
		before = ",";
	}
}

static const struct ctl_column list_columns[] = {
	{ .title = "NODE", .path = "name" },
	{ .title = "STATE", .path = "state", .state = true },
	{ .title = "ADDRESS", .path = "address" },
	{ .title = "SUBNET", .path = "subnet" },
	{ .title = "WORKLOADS", .path = "info.workloads" },
	{ .title = "CPUS", .path = "info.cpus" },
	{ .title = "MEMORY", .text = put_memory },
	{ .title = "SEEN", .text = put_seen },
	{ .title = "VERSION", .path = "info.version", .wide = true },
	{ .title = "KERNEL", .path = "info.kernel", .wide = true },
	{ .title = "LIMITS", .path = "info.limits", .wide = true },
	{ .title = "MISSING", .path = "info.missing_controllers", .wide = true },
	{ .title = "LABELS", .text = put_labels, .wide = true },
	{ .title = "ERROR", .path = "error" },
	CTL_COLUMNS_END,
};

static const struct ctl_column show_columns[] = {
	{ .title = "name", .path = "name" },
	{ .title = "state", .path = "state" },
	{ .title = "error", .path = "error" },
	{ .title = "address", .path = "address" },
	{ .title = "url", .path = "url" },
	{ .title = "subnet", .path = "subnet" },
	{ .title = "labels", .text = put_labels },
	{ .title = "seen", .path = "last_seen" },
	{ .title = "version", .path = "info.version" },
	{ .title = "kernel", .path = "info.kernel" },
	{ .title = "loop", .path = "info.loop" },
	{ .title = "started", .path = "info.started_at" },
	{ .title = "cpus", .path = "info.cpus" },
	{ .title = "memory", .text = put_memory },
	{ .title = "disk free", .text = put_disk },
	{ .title = "controllers", .path = "info.controllers" },
	{ .title = "missing", .path = "info.missing_controllers" },
	{ .title = "limits", .path = "info.limits" },
	{ .title = "workloads", .path = "info.workloads" },
	{ .title = "ports", .path = "info.ports" },
	CTL_COLUMNS_END,
};

static const struct ctl_column token_columns[] = {
	{ .title = "token", .path = "token" },
	{ .title = "expires", .path = "expires_at" },
	CTL_COLUMNS_END,
};

static int run_ls(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *document = NULL;
	int r = ctl_get(ctl, "/v1/nodes", &document, fail);

	if (r < 0)
		return r;
	return ctl_print_list(args, document, json_object_get(document, "nodes"), list_columns,
			      fail);
}

static int node_call(struct ctl *ctl, const char *method, const char *name, json_t **ret,
		     struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;

	sp_buf_puts(&url, "/v1/nodes/");
	ctl_url_put(&url, name);
	return ctl_call(ctl, method, url.data, NULL, ret, fail);
}

static int run_show(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *node = NULL;
	int r = node_call(ctl, "GET", args->positional[0], &node, fail);

	return r < 0 ? r : ctl_print_object(args, node, show_columns, fail);
}

static int run_token(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *body = NULL, *token = NULL;
	int r;

	body = json_pack("{s:I}", "ttl_ns",
			 (json_int_t)ctl_flag_int(args, "ttl", 3600 * SP_NS_PER_S));
	r = ctl_call(ctl, "POST", "/v1/nodes/tokens", body, &token, fail);
	if (r < 0)
		return r;
	if (!ctl_wants_table(args) || ctl_is_terminal(stdout))
		return ctl_print_object(args, token, token_columns, fail);
	printf("%s\n", ctl_json_text(token, "token")); /* TOKEN=$(ctl node token) */
	return 0;
}

static int run_rm(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	const char *name = args->positional[0];
	int r;

	sp_buf_puts(&url, "/v1/nodes/");
	ctl_url_put(&url, name);
	r = ctl_confirm(ctl, args, url.data, fail, "remove node '%s' from the cluster?", name);
	if (r != 0)
		return r;
	r = node_call(ctl, "DELETE", name, NULL, fail);
	if (r == 0)
		printf("%s removed\n", name);
	return r;
}

const struct ctl_command ctl_cmd_node_ls = {
	.name = "node ls",
	.args = "",
	.summary = "list the nodes",
	.flags = list_flags,
	.run = run_ls,
};

const struct ctl_command ctl_cmd_node_show = {
	.name = "node show",
	.args = "NODE",
	.summary = "show one node: its health, what it can enforce, its room",
	.flags = list_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_show,
};

const struct ctl_command ctl_cmd_node_token = {
	.name = "node token",
	.args = "",
	.summary = "make a token that lets one node join",
	.details = "Used on the node: agentd join. A token works once.",
	.flags = token_flags,
	.run = run_token,
};

const struct ctl_command ctl_cmd_node_rm = {
	.name = "node rm",
	.args = "NODE",
	.summary = "remove a node that holds no workloads",
	.flags = rm_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_rm,
};
