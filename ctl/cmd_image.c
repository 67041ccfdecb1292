/* ctl image import, ls, inspect, push, rm */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/time.h"
#include "ctl/archive.h"
#include "ctl/commands.h"
#include "ctl/confirm.h"
#include "ctl/ctl.h"
#include "ctl/exit.h"
#include "ctl/interrupt.h"
#include "ctl/output.h"
#include "ctl/terminal.h"
#include "ctl/url.h"

#define CONFIG_MAX        (64 * 1024)         /* bytes of a config for a root file system */
#define TRANSFER_QUIET_NS (300 * SP_NS_PER_S) /* silence allowed while images travel */

static const struct ctl_flag list_flags[] = {
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag import_flags[] = {
	{ .name = "name",
	  .letter = 'n',
	  .type = CTL_STRING,
	  .value = "REF",
	  .help = "what to call it; without it the name in the archive" },
	{ .name = "config",
	  .type = CTL_STRING,
	  .value = "FILE",
	  .help = "JSON of the image's config, which makes FILE a tar of a root file system" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag push_flags[] = {
	{ .name = "node",
	  .type = CTL_STRING,
	  .value = "NODE",
	  .help = "only to this node; all nodes without it",
	  .repeat = true },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag rm_flags[] = { CTL_FLAG_YES, CTL_FLAGS_END };

static void put_size(const json_t *row, struct sp_buf *out)
{
	ctl_put_bytes(json_integer_value(json_object_get(row, "size_bytes")), out);
}

static void put_sent(const json_t *row, struct sp_buf *out)
{
	ctl_put_bytes(json_integer_value(json_object_get(row, "bytes_sent")), out);
}

static const struct ctl_column image_columns[] = {
	{ .title = "REFERENCE", .path = "reference" },
	{ .title = "DIGEST", .path = "digest" },
	{ .title = "SIZE", .text = put_size },
	CTL_COLUMNS_END,
};

static const struct ctl_column push_columns[] = {
	{ .title = "NODE", .path = "name" },
	{ .title = "SENT", .path = "blobs_sent" },
	{ .title = "PRESENT", .path = "blobs_present" },
	{ .title = "BYTES", .text = put_sent },
	{ .title = "ERROR", .path = "error.message" },
	CTL_COLUMNS_END,
};

static void put_url(struct sp_buf *url, const char *reference)
{
	sp_buf_puts(url, "/v1/images/");
	ctl_url_put_rest(url, reference);
}

static int image_call(struct ctl *ctl, const char *method, const char *reference, json_t **ret,
		      struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;

	put_url(&url, reference);
	return ctl_call(ctl, method, url.data, NULL, ret, fail);
}

static int run_ls(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *document = NULL;
	int r = ctl_get(ctl, "/v1/images", &document, fail);

	if (r < 0)
		return r;
	return ctl_print_list(args, document, json_object_get(document, "images"), image_columns,
			      fail);
}

static int run_inspect(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *image = NULL;
	int r = image_call(ctl, "GET", args->positional[0], &image, fail);

	return r < 0 ? r : ctl_print_document(args, image, fail);
}

static int run_rm(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	const char *image = args->positional[0];
	int r;

	put_url(&url, image);
	r = ctl_confirm(ctl, args, url.data, fail, "remove image '%s'?", image);
	if (r == 0)
		r = image_call(ctl, "DELETE", image, NULL, fail);
	if (r == 0)
		printf("%s removed\n", image);
	return r;
}

/* What to upload: the file, or a tar made of the layout directory. */
static int open_image(const char *path, int *ret_fd, uint64_t *ret_bytes, struct sp_err *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return sp_fail_errno(err, errno, "'%s'", path);
	if (S_ISDIR(st.st_mode))
		return ctl_archive_layout(path, ret_fd, ret_bytes, err);
	if (!S_ISREG(st.st_mode))
		return sp_fail(err, SP_E_INVALID, "'%s' is neither a file nor a directory", path);
	*ret_bytes = (uint64_t)st.st_size;
	*ret_fd = take_fd(fd);
	return 0;
}

/* "&config=" of the JSON in a file, checked to be JSON here. */
static int add_config(struct sp_buf *url, const char *path, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	autojson json_t *json = NULL;
	autofree char *encoded = NULL;
	int r = sp_file_read_at(AT_FDCWD, path, CONFIG_MAX, &text, err);

	if (r < 0)
		return r;
	r = sp_json_parse(text.data ? text.data : "", text.len, &json, err);
	if (r < 0)
		return sp_err_prefix(err, "%s", path);
	encoded = sp_base64_encode(text.data, text.len);
	if (!encoded)
		return sp_fail_nomem(err);
	ctl_url_query(url, "config", encoded);
	return 0;
}

static int upload(struct ctl *ctl, const char *url, const char *path, json_t **ret,
		  struct wire_failure *fail)
{
	autoclose int fd = -1;
	uint64_t bytes = 0;
	struct sp_err err = { 0 };
	int r = open_image(path, &fd, &bytes, &fail->err);

	if (r < 0)
		sp_err_at(&fail->err, SP_STAGE_CLIENT);
	else
		r = ctl_open(ctl, fail);
	if (r < 0)
		return r;
	sp_httpc_set_timeout(ctl->http, TRANSFER_QUIET_NS);
	ctl_interrupt_watch(ctl->http);
	r = sp_httpc_upload(ctl->http, "POST", url, fd, bytes, ret, &err);
	ctl_interrupt_unwatch(ctl->http);
	return r < 0 ? ctl_fail_from(ctl, fail, &err, *ret) : 0;
}

static int run_import(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *image = NULL;
	const char *config = ctl_flag_str(args, "config");
	int r = 0;

	sp_buf_puts(&url, "/v1/images");
	ctl_url_query(&url, "reference", ctl_flag_str(args, "name"));
	if (config && !ctl_flag_str(args, "name"))
		return ctl_fail(fail, SP_E_INVALID, "a root file system has no name; give --name");
	if (config)
		r = add_config(&url, config, &fail->err);
	if (r < 0) {
		sp_err_at(&fail->err, SP_STAGE_CLIENT);
		return r;
	}
	r = upload(ctl, url.data, args->positional[0], &image, fail);
	if (r < 0 && fail->err.code == SP_E_INVALID && fail->err.stage != SP_STAGE_CLIENT)
		return sp_err_prefix(&fail->err, "'%s'", args->positional[0]);
	if (r < 0)
		return r;
	if (!ctl_wants_table(args))
		return ctl_print_document(args, image, fail);
	printf("%s %s\n", ctl_json_text(image, "reference"), ctl_json_text(image, "digest"));
	return 0;
}

static json_t *push_body(const struct ctl_args *args)
{
	json_t *body = json_pack("{s:s}", "reference", args->positional[0]);
	json_t *nodes = ctl_flag_str(args, "node") ? json_array() : NULL;
	const char *node;

	for (size_t i = 0; (node = ctl_flag_nth(args, "node", i)); i++)
		json_array_append_new(nodes, json_string(node));
	if (nodes)
		json_object_set_new(body, "nodes", nodes);
	return body;
}

static int run_push(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *body = push_body(args), *document = NULL;
	json_t *node;
	size_t i, failed = 0;
	int r = ctl_open(ctl, fail);

	if (r < 0)
		return r;
	sp_httpc_set_timeout(ctl->http, TRANSFER_QUIET_NS);
	r = ctl_call(ctl, "POST", "/v1/image-push", body, &document, fail);
	if (r < 0)
		return r;
	json_array_foreach (json_object_get(document, "nodes"), i, node)
		failed += json_object_get(node, "error") &&
			  !json_is_null(json_object_get(node, "error"));
	r = ctl_print_list(args, document, json_object_get(document, "nodes"), push_columns, fail);
	return r < 0 || !failed ? r : CTL_EXIT_UNREACHABLE;
}

const struct ctl_command ctl_cmd_image_import = {
	.name = "image import",
	.args = "FILE|DIR",
	.summary = "put an image into the cluster's store",
	.details =
		"FILE is an OCI archive or, with --config, a tar of a root file system; DIR is an OCI "
		"image layout.",
	.flags = import_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_import,
};

const struct ctl_command ctl_cmd_image_ls = {
	.name = "image ls",
	.args = "",
	.summary = "list the images in the cluster's store",
	.flags = list_flags,
	.run = run_ls,
};

static const struct ctl_flag inspect_flags[] = {
	CTL_FLAG_OUTPUT("json|yaml"),
	CTL_FLAGS_END,
};

const struct ctl_command ctl_cmd_image_inspect = {
	.name = "image inspect",
	.args = "REF",
	.summary = "print an image's manifest, config and where it is",
	.flags = inspect_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_inspect,
};

const struct ctl_command ctl_cmd_image_push = {
	.name = "image push",
	.args = "REF",
	.summary = "copy an image to the nodes; only missing blobs travel",
	.flags = push_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_push,
};

const struct ctl_command ctl_cmd_image_rm = {
	.name = "image rm",
	.args = "REF",
	.summary = "remove an image from the cluster's store",
	.flags = rm_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_rm,
};
