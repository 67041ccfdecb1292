/* ctl diff */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "ctl/commands.h"
#include "ctl/diff.h"
#include "ctl/output.h"
#include "ctl/plan.h"
#include "ctl/source.h"
#include "ctl/url.h"

static const struct ctl_flag flags[] = {
	CTL_FLAGS_SOURCE,
	{ .name = "revisions",
	  .type = CTL_STRING,
	  .value = "A..B",
	  .help = "of a stack: between these two, instead of the last two" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

/* The workloads of a plan, and what else its file says, with their fields, in the form of a
 * comparison of revisions. */
static int of_file(struct ctl *ctl, const struct ctl_args *args, json_t **ret,
		   struct wire_failure *fail)
{
	autojson json_t *plan = NULL, *list = json_array();
	json_t *action;
	size_t i;
	int r = ctl_plan_make(ctl, args, &plan, fail);

	if (r < 0)
		return r;
	json_array_foreach (json_object_get(plan, "actions"), i, action) {
		if (json_array_size(json_object_get(action, "changes")))
			json_array_append_new(list,
					      json_pack("{s:O, s:O, s:O}", "id",
							json_object_get(action, "name"), "sign",
							json_object_get(action, "sign"), "changes",
							json_object_get(action, "changes")));
	}
	for (size_t k = 0; ctl_plan_said[k]; k++)
		json_array_extend(list, json_object_get(plan, ctl_plan_said[k]));
	*ret = json_pack("{s:O, s:O, s:s, s:O}", "stack", json_object_get(plan, "stack"), "from",
			 json_object_get(plan, "serial"), "file", args->positional[0], "workloads",
			 list);
	return *ret ? 0 : sp_fail_nomem(&fail->err);
}

static int of_revisions(struct ctl *ctl, const struct ctl_args *args, json_t **ret,
			struct wire_failure *fail)
{
	const char *revisions = ctl_flag_str(args, "revisions");
	const char *dots = revisions ? strstr(revisions, "..") : NULL;
	autobuf struct sp_buf url = SP_BUF_INIT;
	autofree char *from = dots ? strndup(revisions, (size_t)(dots - revisions)) : NULL;

	if (revisions && !dots)
		return ctl_fail(fail, SP_E_INVALID, "--revisions: '%s' is not of the form A..B",
				revisions);
	sp_buf_puts(&url, "/v1/stacks/");
	ctl_url_put(&url, args->positional[0]);
	sp_buf_puts(&url, "/diff");
	ctl_url_query(&url, "from", from);
	ctl_url_query(&url, "to", dots ? dots + 2 : NULL);
	return ctl_get(ctl, url.data, ret, fail);
}

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *diff = NULL;
	int r = ctl_source_is_file(args->positional[0]) ? of_file(ctl, args, &diff, fail)
							: of_revisions(ctl, args, &diff, fail);

	return r < 0 ? r : ctl_diff_show(args, diff, "revision ", fail);
}

const struct ctl_command ctl_cmd_diff = {
	.name = "diff",
	.args = "FILE|STACK",
	.summary = "show which fields differ",
	.details = "Between what runs and FILE; or between the last two revisions of STACK. The "
		   "exit status is 2 when\nanything differs.",
	.flags = flags,
	.args_min = 1,
	.args_max = 1,
	.run = run,
};
