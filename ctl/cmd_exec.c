/* ctl exec */
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/exec_session.h"
#include "ctl/failure.h"
#include "ctl/resolve.h"
#include "ctl/terminal.h"
#include "ctl/url.h"
#include "wire/exec.h"

SP_AUTO(struct sp_httpc_duplex *, sp_httpc_duplex_free)

static const struct ctl_flag flags[] = {
	{ .name = "interactive",
	  .letter = 'i',
	  .type = CTL_BOOL,
	  .help = "hand standard input on" },
	{ .name = "tty", .letter = 't', .type = CTL_BOOL, .help = "give the command a terminal" },
	{ .name = "env",
	  .letter = 'e',
	  .type = CTL_STRING,
	  .value = "NAME=VALUE",
	  .help = "one more variable for the command",
	  .repeat = true },
	{ .name = "user",
	  .letter = 'u',
	  .type = CTL_STRING,
	  .value = "USER",
	  .help = "run as this user of the container" },
	{ .name = "workdir",
	  .letter = 'w',
	  .type = CTL_STRING,
	  .value = "DIR",
	  .help = "start in this directory" },
	CTL_FLAGS_END,
};

static json_t *strings(char *const *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_string(list[i]));
	return array;
}

static json_t *make_body(const struct ctl_args *args, bool tty)
{
	json_t *body = json_pack("{s:o, s:b}", "command",
				 strings(args->positional + 1, args->n_positional - 1), "tty", tty);
	json_t *environment = json_array();
	uint16_t rows, columns;
	const char *value;

	for (size_t i = 0; (value = ctl_flag_nth(args, "env", i)); i++)
		json_array_append_new(environment, json_string(value));
	if (ctl_flag_str(args, "env"))
		json_object_set(body, "environment", environment);
	json_decref(environment);
	if (ctl_flag_str(args, "user"))
		json_object_set_new(body, "user", json_string(ctl_flag_str(args, "user")));
	if (ctl_flag_str(args, "workdir"))
		json_object_set_new(body, "working_dir",
				    json_string(ctl_flag_str(args, "workdir")));
	if (tty) {
		ctl_terminal_size(STDIN_FILENO, &rows, &columns);
		json_object_set_new(body, "rows", json_integer(rows));
		json_object_set_new(body, "columns", json_integer(columns));
	}
	return body;
}

/* As shells and other runtimes have it: 127 for a command that is not there, 126 for one that
 * cannot be run as asked. -1 where it is not the command that was refused. */
static int status_of_refusal(const struct sp_err *err)
{
	if (err->stage == SP_STAGE_START && err->code == SP_E_NOT_FOUND)
		return 127;
	return err->stage == SP_STAGE_START || err->stage == SP_STAGE_PREPARE ? 126 : -1;
}

static int not_run(struct wire_failure *fail, const char *id)
{
	int status = status_of_refusal(&fail->err);

	snprintf(fail->resource, sizeof(fail->resource), "%s", id);
	if (status < 0)
		return sp_err_return(&fail->err);
	ctl_failure_print(fail, stderr);
	return status;
}

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	auto_(sp_httpc_duplex_free) struct sp_httpc_duplex *stream = NULL;
	autojson json_t *body = NULL;
	autofree char *id = NULL;
	autobuf struct sp_buf url = SP_BUF_INIT;
	struct ctl_exec_conf conf = { .input = ctl_flag_on(args, "interactive"),
				      .tty = ctl_flag_on(args, "tty") };
	int r;

	if (conf.tty && !ctl_is_terminal(stdin))
		return ctl_fail(fail, SP_E_INVALID, "--tty: standard input is not a terminal");
	r = ctl_resolve_one(ctl, args->positional[0], &id, fail);
	if (r < 0)
		return r;
	body = make_body(args, conf.tty);
	sp_buf_puts(&url, "/v1/workloads/");
	ctl_url_put(&url, id);
	sp_buf_puts(&url, "/exec");
	if (!body || sp_buf_check(&url, NULL) < 0)
		return sp_fail_nomem(&fail->err);
	r = sp_httpc_upgrade(ctl->http, url.data, body, WIRE_EXEC_PROTOCOL, &stream, &fail->err);
	if (r < 0)
		return not_run(fail, id);
	return ctl_exec_run(stream, &conf, fail);
}

const struct ctl_command ctl_cmd_exec = {
	.name = "exec",
	.args = "WORKLOAD -- COMMAND [ARG...]",
	.summary = "run a command in a workload's container",
	.details =
		"The exit status is the command's; 127 when there is no such command, 126 when it "
		"cannot be run. With -t, -i is nearly always wanted too: -it.",
	.flags = flags,
	.args_min = 2,
	.args_max = CTL_ARGS_MANY,
	.rest = true,
	.run = run,
};
