/* ctl state set, get, rm, ls, has */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "ctl/change.h"
#include "ctl/commands.h"
#include "ctl/exit.h"
#include "ctl/output.h"
#include "ctl/url.h"

#define VALUE_MAX (64 << 10)

static const struct ctl_flag set_flags[] = {
	{ .name = "sensitive", .type = CTL_BOOL, .help = "shown only with --reveal" },
	{ .name = "version",
	  .type = CTL_COUNT,
	  .value = "N",
	  .help = "only if it is at that version; 0: only if it is not there" },
	CTL_FLAGS_LOCK,
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag rm_flags[] = {
	{ .name = "version",
	  .type = CTL_COUNT,
	  .value = "N",
	  .help = "only if it is at that version" },
	CTL_FLAGS_LOCK,
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag get_flags[] = {
	{ .name = "reveal", .type = CTL_BOOL, .help = "show the value though it is sensitive" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag plain_flags[] = {
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static void put_url(struct sp_buf *url, const char *stack, const char *key)
{
	sp_buf_puts(url, "/v1/stacks/");
	ctl_url_put(url, stack);
	sp_buf_puts(url, "/state");
	if (!key)
		return;
	sp_buf_puts(url, "/");
	ctl_url_put(url, key);
}

static int read_stdin(struct sp_buf *out, struct wire_failure *fail)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, sizeof(piece))) > 0 && out->len <= VALUE_MAX)
		sp_buf_append(out, piece, (size_t)n);
	if (n < 0)
		return sp_fail_errno(&fail->err, errno, "standard input");
	if (out->len && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
	return sp_buf_check(out, &fail->err) < 0 ? sp_err_return(&fail->err) : 0;
}

/* Reply of a change: nothing for people, the document for programs. */
static int change(struct ctl *ctl, const struct ctl_args *args, const char *method,
		  const json_t *body, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *reply = NULL;
	int64_t version = ctl_flag_int(args, "version", -1);
	int r;

	put_url(&url, args->positional[0], args->positional[1]);
	if (version >= 0)
		ctl_url_query_int(&url, "version", version);
	r = ctl_change(ctl, args, method, &url, body, NULL, &reply, fail);
	if (r == 0 && !ctl_wants_table(args))
		r = ctl_print_document(args, reply, fail);
	return r;
}

static int run_set(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf input = SP_BUF_INIT;
	autojson json_t *body = NULL;
	const char *value = args->n_positional > 2 ? args->positional[2] : NULL;
	int r = value ? 0 : read_stdin(&input, fail);

	if (r < 0)
		return r;
	if (!value)
		value = input.data ? input.data : "";
	body = json_pack("{s:s, s:b}", "value", value, "sensitive", ctl_flag_on(args, "sensitive"));
	if (!body)
		return ctl_fail(fail, SP_E_INVALID, "the value is not UTF-8 text");
	return change(ctl, args, "PUT", body, fail);
}

static int run_rm(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	return change(ctl, args, "DELETE", NULL, fail);
}

static int get(struct ctl *ctl, const struct ctl_args *args, bool reveal, json_t **ret,
	       struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;

	put_url(&url, args->positional[0], args->positional[1]);
	ctl_url_query(&url, "reveal", reveal ? "1" : NULL);
	return ctl_get(ctl, url.data, ret, fail);
}

static int run_get(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *one = NULL;
	int r = get(ctl, args, ctl_flag_on(args, "reveal"), &one, fail);

	if (r < 0)
		return r;
	if (!ctl_wants_table(args))
		return ctl_print_document(args, one, fail);
	if (!json_is_string(json_object_get(one, "value"))) {
		ctl_fail(fail, SP_E_DENIED, "'%s' is sensitive", args->positional[1]);
		return ctl_fail_next(fail, "ctl state get --reveal %s %s", args->positional[0],
				     args->positional[1]);
	}
	puts(ctl_json_text(one, "value"));
	return 0;
}

static int run_has(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *one = NULL;
	int r = get(ctl, args, false, &one, fail);

	return r == -ENOENT ? (int)CTL_EXIT_FAILED : r;
}

static void put_age(const json_t *row, struct sp_buf *out)
{
	ctl_put_age(ctl_json_text(row, "set_at"), out);
}

static const struct ctl_column columns[] = {
	{ .title = "KEY", .path = "key" },
	{ .title = "VERSION", .path = "version" },
	{ .title = "SENSITIVE", .path = "sensitive" },
	{ .title = "SET", .text = put_age },
	{ .title = "BY", .path = "set_by" },
	CTL_COLUMNS_END,
};

static int run_ls(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *document = NULL;
	int r;

	put_url(&url, args->positional[0], NULL);
	r = ctl_get(ctl, url.data, &document, fail);
	return r < 0 ? r
		     : ctl_print_list(args, document, json_object_get(document, "state"), columns,
				      fail);
}

const struct ctl_command ctl_cmd_state_set = {
	.name = "state set",
	.args = "STACK KEY [VALUE]",
	.summary = "set a key of a stack's state",
	.details = "Without VALUE it is read from standard input, less its last newline.",
	.flags = set_flags,
	.args_min = 2,
	.args_max = 3,
	.run = run_set,
};

const struct ctl_command ctl_cmd_state_get = {
	.name = "state get",
	.args = "STACK KEY",
	.summary = "print the value of a key",
	.flags = get_flags,
	.args_min = 2,
	.args_max = 2,
	.run = run_get,
};

const struct ctl_command ctl_cmd_state_rm = {
	.name = "state rm",
	.args = "STACK KEY",
	.summary = "remove a key",
	.flags = rm_flags,
	.args_min = 2,
	.args_max = 2,
	.run = run_rm,
};

const struct ctl_command ctl_cmd_state_ls = {
	.name = "state ls",
	.args = "STACK",
	.summary = "list the keys of a stack's state",
	.flags = plain_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_ls,
};

const struct ctl_command ctl_cmd_state_has = {
	.name = "state has",
	.args = "STACK KEY",
	.summary = "exit 0 when the key is set, 1 when it is not",
	.flags = plain_flags,
	.args_min = 2,
	.args_max = 2,
	.run = run_has,
};
