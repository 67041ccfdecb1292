/* ctl plan */
#include <stdio.h>

#include "base/json.h"
#include "ctl/commands.h"
#include "ctl/exit.h"
#include "ctl/plan.h"
#include "ctl/source.h"

static const struct ctl_flag flags[] = {
	CTL_FLAGS_SOURCE,
	{ .name = "out",
	  .type = CTL_STRING,
	  .value = "PLANFILE",
	  .help = "keep the plan, for `ctl deploy FILE --plan PLANFILE`" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	const char *out = ctl_flag_str(args, "out");
	autojson json_t *plan = NULL;
	int code, r = ctl_plan_make(ctl, args, &plan, fail);

	if (r == 0 && out)
		r = ctl_plan_write(plan, out, fail);
	if (r < 0)
		return r;
	code = ctl_plan_show(args, plan, fail);
	if (out && code == CTL_EXIT_CHANGES)
		fprintf(stderr, "next: ctl deploy %s --plan %s\n", args->positional[0], out);
	return code;
}

const struct ctl_command ctl_cmd_plan = {
	.name = "plan",
	.args = "FILE",
	.summary = "show what a deploy would do, and why; changes nothing",
	.details = "The exit status is 2 when there is something to do, 0 when there is not. "
		   "-o wide shows every field\nof what is new and every digest whole. What is "
		   "secret is never shown.",
	.flags = flags,
	.args_min = 1,
	.args_max = 1,
	.run = run,
};
