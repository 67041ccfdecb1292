/* ctl snapshot restore, compare */
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "ctl/change.h"
#include "ctl/commands.h"
#include "ctl/confirm.h"
#include "ctl/diff.h"
#include "ctl/follow.h"
#include "ctl/output.h"
#include "ctl/plan.h"
#include "ctl/snapshot.h"
#include "ctl/url.h"

static const struct ctl_flag restore_flags[] = {
	{ .name = "dry-run", .type = CTL_BOOL, .help = "show the plan, and change nothing" },
	CTL_FLAGS_LOCK,
	CTL_FLAG_YES,
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag compare_flags[] = {
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static int show_plan(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *plan = NULL;
	int r;

	ctl_snapshot_url(&url, args->positional[0], args->positional[1], "/restore?dry_run=1");
	r = ctl_call(ctl, "POST", url.data, NULL, &plan, fail);
	return r < 0 ? r : ctl_plan_show(args, plan, fail);
}

static int run_restore(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	const char *stack = args->positional[0], *version = args->positional[1];
	autobuf struct sp_buf look = SP_BUF_INIT, url = SP_BUF_INIT;
	autojson json_t *op = NULL;
	int r;

	if (ctl_flag_on(args, "dry-run"))
		return show_plan(ctl, args, fail);
	ctl_snapshot_url(&look, stack, version, NULL);
	r = ctl_confirm(ctl, args, look.data, fail, "put stack '%s' back to snapshot %s?", stack,
			version);
	if (r != 0)
		return r;
	ctl_snapshot_url(&url, stack, version, "/restore");
	r = ctl_follow_change(ctl, args, "POST", &url, NULL, &op, fail);
	return r < 0 ? r : ctl_follow_finish(args, op, "is what it was in the snapshot", fail);
}

static int run_compare(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *diff = NULL;
	int r;

	ctl_snapshot_url(&url, args->positional[0], args->positional[1], "/compare/");
	ctl_url_put(&url, args->positional[2]);
	r = ctl_get(ctl, url.data, &diff, fail);
	return r < 0 ? r : ctl_diff_show(args, diff, "snapshot v", fail);
}

const struct ctl_command ctl_cmd_snap_restore = {
	.name = "snapshot restore",
	.args = "STACK VERSION",
	.summary = "put a stack back to what it was: its machines, not just its rows",
	.details = "A plan to the snapshot is made, and done with the gates, the journal and the "
		   "way back of a deploy. A\nsnapshot of what runs now is taken first. Data in "
		   "volumes stays as it is. With --dry-run the exit\nstatus is 2 when there is "
		   "something to do.",
	.flags = restore_flags,
	.args_min = 2,
	.args_max = 2,
	.run = run_restore,
};

const struct ctl_command ctl_cmd_snap_compare = {
	.name = "snapshot compare",
	.args = "STACK VERSION VERSION",
	.summary = "show which fields differ between two snapshots",
	.details = "The exit status is 2 when anything differs. What is secret is never shown.",
	.flags = compare_flags,
	.args_min = 3,
	.args_max = 3,
	.run = run_compare,
};
