/* ctl logs */
#include "base/json.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/logs.h"
#include "ctl/resolve.h"

static const struct ctl_flag flags[] = {
	{ .name = "follow", .letter = 'f', .type = CTL_BOOL, .help = "go on with what comes" },
	{ .name = "since",
	  .type = CTL_STRING,
	  .value = "WHEN",
	  .help = "only lines since a time (2026-11-21T08:00:00Z) or an age (10m)" },
	{ .name = "tail",
	  .letter = 'n',
	  .type = CTL_COUNT,
	  .help = "only the last N lines of each workload" },
	{ .name = "timestamps",
	  .letter = 't',
	  .type = CTL_BOOL,
	  .help = "put the time before each line" },
	CTL_FLAGS_END,
};

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *workloads = NULL;
	struct ctl_logs_conf conf = { .follow = ctl_flag_on(args, "follow"),
				      .timestamps = ctl_flag_on(args, "timestamps"),
				      .since = ctl_flag_str(args, "since"),
				      .tail = ctl_flag_int(args, "tail", -1) };
	int r = ctl_resolve(ctl, args->positional, args->n_positional, &workloads, fail);

	return r < 0 ? r : ctl_logs_print(ctl, workloads, &conf, fail);
}

const struct ctl_command ctl_cmd_logs = {
	.name = "logs",
	.args = "WORKLOAD|SERVICE...",
	.summary = "print what workloads wrote, also of those that are gone",
	.details =
		"A service means all its replicas; with several workloads each line begins with its "
		"workload.",
	.flags = flags,
	.args_min = 1,
	.args_max = CTL_ARGS_MANY,
	.run = run,
};
