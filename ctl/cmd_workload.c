/* ctl start, stop, restart: one workload told to change */
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "ctl/change.h"
#include "ctl/commands.h"
#include "ctl/output.h"
#include "ctl/resolve.h"
#include "ctl/url.h"

static const struct ctl_flag flags[] = {
	CTL_FLAGS_LOCK,
	CTL_FLAGS_END,
};

static int tell(struct ctl *ctl, const struct ctl_args *args, const char *name, const char *verb,
		struct wire_failure *fail)
{
	autojson json_t *status = NULL;
	autofree char *id = NULL;
	autobuf struct sp_buf url = SP_BUF_INIT;
	const char *state;
	int r = ctl_resolve_one(ctl, name, &id, fail);

	if (r < 0)
		return r;
	sp_buf_puts(&url, "/v1/workloads/");
	ctl_url_put(&url, id);
	sp_buf_printf(&url, "/%s", verb);
	r = ctl_change(ctl, args, "POST", &url, NULL, NULL, &status, fail);
	if (r < 0)
		return r;
	state = ctl_json_text(status, "state");
	printf("%s: %s is asked for%s%s\n", id, verb, *state ? "; it was " : "", state);
	return 0;
}

static int each(struct ctl *ctl, const struct ctl_args *args, const char *verb,
		struct wire_failure *fail)
{
	int r = 0;

	for (size_t i = 0; i < args->n_positional && r == 0; i++)
		r = tell(ctl, args, args->positional[i], verb, fail);
	return r;
}

static int run_start(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	return each(ctl, args, "start", fail);
}

static int run_stop(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	return each(ctl, args, "stop", fail);
}

static int run_restart(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	return each(ctl, args, "restart", fail);
}

const struct ctl_command ctl_cmd_start = {
	.name = "start",
	.args = "WORKLOAD...",
	.summary = "start workloads that were stopped",
	.flags = flags,
	.args_min = 1,
	.args_max = CTL_ARGS_MANY,
	.run = run_start,
};

const struct ctl_command ctl_cmd_stop = {
	.name = "stop",
	.args = "WORKLOAD...",
	.summary = "stop workloads until they are started again",
	.details = "The stop signal is sent first; what is still there after its grace is killed.",
	.flags = flags,
	.args_min = 1,
	.args_max = CTL_ARGS_MANY,
	.run = run_stop,
};

const struct ctl_command ctl_cmd_restart = {
	.name = "restart",
	.args = "WORKLOAD...",
	.summary = "stop and start workloads now, whatever their back-off",
	.flags = flags,
	.args_min = 1,
	.args_max = CTL_ARGS_MANY,
	.run = run_restart,
};
