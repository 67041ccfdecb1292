/* ctl hook ls */
#include "base/json.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/output.h"

static const struct ctl_flag flags[] = {
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_column columns[] = {
	{ .title = "HOOK", .path = "name" },
	{ .title = "TO", .path = "to" },
	{ .title = "DELIVERED", .path = "delivered" },
	{ .title = "BEHIND", .path = "behind" },
	{ .title = "FAILURES", .path = "failures" },
	{ .title = "ERROR", .path = "error" },
	{ .title = "CURSOR", .path = "cursor", .wide = true },
	CTL_COLUMNS_END,
};

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *document = NULL;
	int r = ctl_get(ctl, "/v1/hooks", &document, fail);

	if (r < 0)
		return r;
	return ctl_print_list(args, document, json_object_get(document, "hooks"), columns, fail);
}

const struct ctl_command ctl_cmd_hook_ls = {
	.name = "hook ls",
	.args = "",
	.summary = "list what is told of events, and how far it was told",
	.details = "Hooks are described in the file that controld's key events.hooks names.",
	.flags = flags,
	.run = run,
};
