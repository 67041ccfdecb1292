/* ctl destroy */
#include <stdio.h>

#include "base/json.h"
#include "ctl/change.h"
#include "ctl/commands.h"
#include "ctl/confirm.h"
#include "ctl/follow.h"
#include "ctl/output.h"
#include "ctl/url.h"

static const struct ctl_flag flags[] = {
	{ .name = "volumes",
	  .type = CTL_BOOL,
	  .help = "remove the stack's volumes too: their data is lost" },
	{ .name = "force", .type = CTL_BOOL, .help = "also when other stacks require it" },
	CTL_FLAGS_LOCK,
	CTL_FLAG_YES,
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *op = NULL;
	autobuf struct sp_buf url = SP_BUF_INIT;
	int r;

	sp_buf_puts(&url, "/v1/stacks/");
	ctl_url_put(&url, args->positional[0]);
	r = ctl_confirm(ctl, args, url.data, fail, "destroy stack '%s'? %s", args->positional[0],
			ctl_flag_on(args, "volumes")
				? "the data in its volumes, its state and its outputs go; logs stay"
				: "its state and its outputs go; volumes and logs stay");
	if (r != 0)
		return r;
	ctl_url_query(&url, "volumes", ctl_flag_on(args, "volumes") ? "1" : NULL);
	ctl_url_query(&url, "force", ctl_flag_on(args, "force") ? "1" : NULL);
	r = ctl_follow_change(ctl, args, "DELETE", &url, NULL, &op, fail);
	return r < 0 ? r : ctl_follow_finish(args, op, "is destroyed", fail);
}

const struct ctl_command ctl_cmd_destroy = {
	.name = "destroy",
	.args = "STACK",
	.summary = "stop a stack and remove its workloads",
	.details =
		"Its state and its outputs go. Volumes and logs stay; with --volumes only logs. A stack "
		"that others require is refused.",
	.flags = flags,
	.args_min = 1,
	.args_max = 1,
	.run = run,
};
