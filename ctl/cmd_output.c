/* ctl output */
#include <stdio.h>

#include "base/json.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "ctl/url.h"

static const struct ctl_flag flags[] = {
	{ .name = "reveal", .type = CTL_BOOL, .help = "show sensitive values too" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static void put_value(const json_t *row, struct sp_buf *out)
{
	bool there = json_is_string(json_object_get(row, "value"));

	if (!there)
		sp_buf_puts(out, json_is_true(json_object_get(row, "sensitive")) ? "(sensitive)"
										 : "(not set)");
	else
		sp_buf_puts(out, ctl_json_text(row, "value"));
}

static const struct ctl_column columns[] = {
	{ .title = "OUTPUT", .path = "name" },
	{ .title = "VALUE", .text = put_value },
	{ .title = "STATE", .path = "state", .wide = true },
	CTL_COLUMNS_END,
};

/* One alone is printed as it is, for a program to read. */
static int print_one(const struct ctl_args *args, const json_t *one, struct wire_failure *fail)
{
	if (json_is_string(json_object_get(one, "value"))) {
		puts(ctl_json_text(one, "value"));
		return 0;
	}
	if (!json_is_true(json_object_get(one, "sensitive"))) {
		ctl_fail(fail, SP_E_NOT_FOUND, "output '%s' has no value: state '%s' is not set",
			 args->positional[1], ctl_json_text(one, "state"));
		fail->err.stage = SP_STAGE_NONE;
		return ctl_fail_next(fail, "ctl state ls %s", args->positional[0]);
	}
	ctl_fail(fail, SP_E_DENIED, "output '%s' is sensitive", args->positional[1]);
	return ctl_fail_next(fail, "ctl output --reveal %s %s", args->positional[0],
			     args->positional[1]);
}

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	const char *name = args->n_positional > 1 ? args->positional[1] : NULL;
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *document = NULL;
	json_t *list;
	int r;

	sp_buf_puts(&url, "/v1/stacks/");
	ctl_url_put(&url, args->positional[0]);
	sp_buf_puts(&url, "/outputs");
	ctl_url_query(&url, "output", name);
	ctl_url_query(&url, "reveal", ctl_flag_on(args, "reveal") ? "1" : NULL);
	r = ctl_get(ctl, url.data, &document, fail);
	if (r < 0)
		return r;
	list = json_object_get(document, "outputs");
	if (name && ctl_wants_table(args))
		return print_one(args, json_array_get(list, 0), fail);
	return ctl_print_list(args, document, list, columns, fail);
}

const struct ctl_command ctl_cmd_output = {
	.name = "output",
	.args = "STACK [NAME]",
	.summary = "print what a stack tells others",
	.details = "With NAME its value alone. Sensitive values are shown only with --reveal.",
	.flags = flags,
	.args_min = 1,
	.args_max = 2,
	.run = run,
};
