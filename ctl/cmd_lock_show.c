/* ctl lock status, lock ls */
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "ctl/url.h"

static const struct ctl_flag flags[] = {
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static void put_age(const json_t *row, struct sp_buf *out)
{
	char text[SP_DURATION_MAX];

	sp_duration_format(json_integer_value(json_object_get(row, "age_ns")) / SP_NS_PER_S *
				   SP_NS_PER_S,
			   text);
	sp_buf_puts(out, text);
}

/* "deploy op-7"; a person's words as they are. */
static void put_operation(const json_t *row, struct sp_buf *out)
{
	const char *words = ctl_json_text(row, "for"), *id = ctl_json_text(row, "operation");

	sp_buf_printf(out, "%s%s%s", words, *words && *id ? " " : "", id);
}

static void put_holder(const json_t *row, struct sp_buf *out)
{
	const char *who = ctl_json_text(row, "locked_by"),
		   *proved = ctl_json_text(row, "requested_by");

	sp_buf_puts(out, who);
	if (*proved && !sp_str_eq(who, proved))
		sp_buf_printf(out, " (%s)", proved);
}

static void put_waiters(const json_t *row, struct sp_buf *out)
{
	json_t *waiter;
	size_t i;

	json_array_foreach (json_object_get(row, "waiters"), i, waiter)
		sp_buf_printf(out, "%s%s%s%s", i ? ", " : "", ctl_json_text(waiter, "locked_by"),
			      *ctl_json_text(waiter, "host") ? " on " : "",
			      ctl_json_text(waiter, "host"));
}

static void put_number_of_waiters(const json_t *row, struct sp_buf *out)
{
	sp_buf_printf(out, "%zu", json_array_size(json_object_get(row, "waiters")));
}

static const struct ctl_column held_columns[] = {
	{ .title = "stack", .path = "stack" },
	{ .title = "kind", .path = "kind" },
	{ .title = "holder", .text = put_holder },
	{ .title = "host", .path = "host" },
	{ .title = "operation", .text = put_operation },
	{ .title = "step", .path = "step" },
	{ .title = "reason", .path = "reason" },
	{ .title = "since", .path = "since" },
	{ .title = "age", .text = put_age },
	{ .title = "expires", .path = "expires_at" },
	{ .title = "token", .path = "token" },
	{ .title = "lock id", .path = "id" },
	{ .title = "waiting", .text = put_waiters },
	CTL_COLUMNS_END,
};

static const struct ctl_column free_columns[] = {
	{ .title = "stack", .path = "stack" },
	{ .title = "token", .path = "token" },
	{ .title = "waiting", .text = put_waiters },
	CTL_COLUMNS_END,
};

static int run_status(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *lock = NULL;
	bool held;
	int r;

	sp_buf_puts(&url, "/v1/locks/");
	ctl_url_put(&url, args->positional[0]);
	r = ctl_get(ctl, url.data, &lock, fail);
	if (r < 0)
		return r;
	held = json_is_true(json_object_get(lock, "held"));
	r = ctl_print_object(args, lock, held ? held_columns : free_columns, fail);
	if (r == 0 && !held && ctl_wants_table(args))
		fputs("nobody holds the lock\n", stderr);
	return r;
}

static const struct ctl_column list_columns[] = {
	{ .title = "STACK", .path = "stack" },
	{ .title = "KIND", .path = "kind" },
	{ .title = "HOLDER", .text = put_holder },
	{ .title = "HOST", .path = "host" },
	{ .title = "OPERATION", .text = put_operation },
	{ .title = "AGE", .text = put_age },
	{ .title = "WAITING", .text = put_number_of_waiters },
	{ .title = "REASON", .path = "reason" },
	{ .title = "EXPIRES", .path = "expires_at", .wide = true },
	{ .title = "TOKEN", .path = "token", .wide = true },
	{ .title = "ID", .path = "id", .wide = true },
	CTL_COLUMNS_END,
};

static int run_ls(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *document = NULL;
	int r = ctl_get(ctl, "/v1/locks", &document, fail);

	return r < 0 ? r
		     : ctl_print_list(args, document, json_object_get(document, "locks"),
				      list_columns, fail);
}

const struct ctl_command ctl_cmd_lock_status = {
	.name = "lock status",
	.args = "STACK",
	.summary = "show who holds the lock of a stack, for what, and until when",
	.flags = flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_status,
};

const struct ctl_command ctl_cmd_lock_ls = {
	.name = "lock ls",
	.args = "",
	.summary = "list the locks that are held",
	.flags = flags,
	.run = run_ls,
};
