/* ctl snapshot create, ls, show, tag, rm */
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "ctl/change.h"
#include "ctl/commands.h"
#include "ctl/confirm.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "ctl/snapshot.h"
#include "ctl/url.h"

static const struct ctl_flag create_flags[] = {
	{ .name = "description", .type = CTL_STRING, .value = "TEXT", .help = "what it is for" },
	{ .name = "tag",
	  .type = CTL_STRING,
	  .value = "TAG",
	  .repeat = true,
	  .help = "a tag; what has one is not cleared away" },
	CTL_FLAGS_LOCK,
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag output_flags[] = {
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag tag_flags[] = {
	CTL_FLAGS_LOCK,
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag rm_flags[] = {
	CTL_FLAGS_LOCK,
	CTL_FLAG_YES,
	CTL_FLAGS_END,
};

void ctl_snapshot_url(struct sp_buf *url, const char *stack, const char *version, const char *verb)
{
	sp_buf_puts(url, "/v1/stacks/");
	ctl_url_put(url, stack);
	sp_buf_puts(url, "/snapshots");
	if (version) {
		sp_buf_putc(url, '/');
		ctl_url_put(url, version);
	}
	if (verb)
		sp_buf_puts(url, verb);
}

static void put_version(const json_t *row, struct sp_buf *out)
{
	sp_buf_printf(out, "v%lld", (long long)json_integer_value(json_object_get(row, "version")));
}

static void put_age(const json_t *row, struct sp_buf *out)
{
	ctl_put_age(ctl_json_text(row, "created_at"), out);
}

static void put_size(const json_t *row, struct sp_buf *out)
{
	ctl_put_bytes(json_integer_value(json_object_get(row, "size_bytes")), out);
}

/* "db 1,api 2" */
static void put_services(const json_t *row, struct sp_buf *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach (ctl_json_at(row, "summary.services"), i, one) {
		sp_buf_printf(out, "%s%s %lld", i ? "," : "", ctl_json_text(one, "name"),
			      (long long)json_integer_value(json_object_get(one, "replicas")));
	}
}

static void put_state(const json_t *row, struct sp_buf *out)
{
	if (json_is_true(json_object_get(row, "damaged")))
		sp_buf_puts(out, "damaged");
	else
		sp_buf_puts(out, json_is_string(json_object_get(row, "verified_at")) ? "verified"
										     : "unproved");
}

/* "5m ago by operator:ann", "2h ago by its gates" */
static void put_verified(const json_t *row, struct sp_buf *out)
{
	const char *at = ctl_json_text(row, "verified_at"), *by = ctl_json_text(row, "verified_by");

	if (!*at || json_is_true(json_object_get(row, "damaged")))
		return;
	ctl_put_age(at, out);
	sp_buf_printf(out, " ago by %s", sp_str_eq(by, "gates") ? "its gates" : by);
}

static const struct ctl_column columns[] = {
	{ .title = "SNAPSHOT", .text = put_version },
	{ .title = "REVISION", .path = "revision" },
	{ .title = "STATE", .text = put_state },
	{ .title = "VERIFIED", .text = put_verified },
	{ .title = "AGE", .text = put_age },
	{ .title = "CAUSE", .path = "cause" },
	{ .title = "SIZE", .text = put_size },
	{ .title = "SERVICES", .text = put_services },
	{ .title = "TAGS", .path = "tags" },
	{ .title = "DESCRIPTION", .path = "description" },
	{ .title = "BY", .path = "creator", .wide = true },
	{ .title = "OPERATION", .path = "operation", .wide = true },
	{ .title = "CONTENT", .path = "content", .wide = true },
	CTL_COLUMNS_END,
};

static int run_ls(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *document = NULL;
	int r;

	ctl_snapshot_url(&url, args->positional[0], NULL, NULL);
	r = ctl_get(ctl, url.data, &document, fail);
	if (r < 0)
		return r;
	return ctl_print_list(args, document, json_object_get(document, "snapshots"), columns,
			      fail);
}

static const struct ctl_column service_columns[] = {
	{ .title = "SERVICE", .path = "name" },        { .title = "REPLICAS", .path = "replicas" },
	{ .title = "NODES", .path = "nodes" },         { .title = "IMAGE", .path = "image" },
	{ .title = "DIGEST", .path = "image_digest" }, CTL_COLUMNS_END,
};

static const struct ctl_column head_columns[] = {
	{ .title = "stack", .path = "stack" },
	{ .title = "snapshot", .text = put_version },
	{ .title = "revision", .path = "revision" },
	{ .title = "state", .text = put_state },
	{ .title = "created", .path = "created_at" },
	{ .title = "verified", .text = put_verified },
	{ .title = "by", .path = "creator" },
	{ .title = "cause", .path = "cause" },
	{ .title = "operation", .path = "operation" },
	{ .title = "description", .path = "description" },
	{ .title = "tags", .path = "tags" },
	{ .title = "content", .path = "content" },
	{ .title = "size", .text = put_size },
	{ .title = "volumes", .path = "summary.volumes" },
	{ .title = "ports", .path = "summary.ports" },
	{ .title = "secrets", .path = "summary.secrets" },
	CTL_COLUMNS_END,
};

static int run_show(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *snapshot = NULL;
	int r;

	ctl_snapshot_url(&url, args->positional[0], args->positional[1], NULL);
	r = ctl_get(ctl, url.data, &snapshot, fail);
	if (r == 0)
		r = ctl_print_object(args, snapshot, head_columns, fail);
	if (r < 0 || !ctl_wants_table(args))
		return r;
	putchar('\n');
	return ctl_print_list(args, snapshot, ctl_json_at(snapshot, "summary.services"),
			      service_columns, fail);
}

/* The name and nothing else, for scripts; or the whole. */
static int tell(const struct ctl_args *args, const json_t *snapshot, struct wire_failure *fail)
{
	if (!ctl_wants_table(args))
		return ctl_print_document(args, snapshot, fail);
	printf("v%lld\n", (long long)json_integer_value(json_object_get(snapshot, "version")));
	return 0;
}

static int run_create(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *tags = json_array(), *body = NULL, *snapshot = NULL;
	int r;

	for (size_t i = 0; ctl_flag_nth(args, "tag", i); i++)
		json_array_append_new(tags, json_string(ctl_flag_nth(args, "tag", i)));
	body = json_pack("{s:s*, s:O}", "description", ctl_flag_str(args, "description"), "tags",
			 tags);
	ctl_snapshot_url(&url, args->positional[0], NULL, NULL);
	r = ctl_change(ctl, args, "POST", &url, body, NULL, &snapshot, fail);
	return r < 0 ? r : tell(args, snapshot, fail);
}

static int run_tag(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *tags = json_array(), *body = NULL, *snapshot = NULL;
	int r;

	for (size_t i = 2; i < args->n_positional; i++)
		json_array_append_new(tags, json_string(args->positional[i]));
	body = json_pack("{s:O}", "tags", tags);
	ctl_snapshot_url(&url, args->positional[0], args->positional[1], "/tags");
	r = ctl_change(ctl, args, "PUT", &url, body, NULL, &snapshot, fail);
	return r < 0 ? r : tell(args, snapshot, fail);
}

static int run_rm(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	int r;

	ctl_snapshot_url(&url, args->positional[0], args->positional[1], NULL);
	r = ctl_confirm(ctl, args, url.data, fail, "remove snapshot %s of stack '%s'?",
			args->positional[1], args->positional[0]);
	if (r != 0)
		return r;
	return ctl_change(ctl, args, "DELETE", &url, NULL, NULL, NULL, fail);
}

const struct ctl_command ctl_cmd_snap_create = {
	.name = "snapshot create",
	.args = "STACK",
	.summary = "keep what runs now, to come back to",
	.details = "Secrets stay sealed in controld's store; a snapshot only refers to them.",
	.flags = create_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_create,
};

const struct ctl_command ctl_cmd_snap_ls = {
	.name = "snapshot ls",
	.args = "STACK",
	.summary = "list the snapshots of a stack, newest first",
	.flags = output_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_ls,
};

const struct ctl_command ctl_cmd_snap_show = {
	.name = "snapshot show",
	.args = "STACK VERSION",
	.summary = "show what is in a snapshot",
	.flags = output_flags,
	.args_min = 2,
	.args_max = 2,
	.run = run_show,
};

const struct ctl_command ctl_cmd_snap_tag = {
	.name = "snapshot tag",
	.args = "STACK VERSION [TAG...]",
	.summary = "give a snapshot these tags, and no others",
	.flags = tag_flags,
	.args_min = 2,
	.args_max = CTL_ARGS_MANY,
	.run = run_tag,
};

const struct ctl_command ctl_cmd_snap_rm = {
	.name = "snapshot rm",
	.args = "STACK VERSION",
	.summary = "remove a snapshot",
	.flags = rm_flags,
	.args_min = 2,
	.args_max = 2,
	.run = run_rm,
};
