/* ctl deploy */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "ctl/change.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/follow.h"
#include "ctl/output.h"
#include "ctl/plan.h"
#include "ctl/source.h"

static const struct ctl_flag flags[] = {
	CTL_FLAGS_SOURCE,
	{ .name = "on-failure",
	  .type = CTL_CHOICE,
	  .value = "rollback|stop",
	  .help = "when it fails: back to what ran before, or leave all as it is; over the stack's "
		  "own policy" },
	{ .name = "dry-run",
	  .type = CTL_BOOL,
	  .help = "show the plan, as ctl plan does, and change nothing" },
	{ .name = "plan",
	  .type = CTL_STRING,
	  .value = "PLANFILE",
	  .help = "do what this plan says (ctl plan --out), or nothing if it is stale" },
	{ .name = "detach",
	  .letter = 'd',
	  .type = CTL_BOOL,
	  .help = "do not follow: print the operation and leave" },
	{ .name = "idempotency-key",
	  .type = CTL_STRING,
	  .value = "KEY",
	  .help = "the same key gives the same operation; random without it" },
	CTL_FLAGS_LOCK,
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

/* The body of the request; with --plan, also what it was planned against. */
static int make_request(const struct ctl_args *args, json_t **ret, struct wire_failure *fail)
{
	const char *on_failure = ctl_flag_str(args, "on-failure");
	const char *plan_file = ctl_flag_str(args, "plan");
	json_t *plan = NULL;
	int r = ctl_source_bundle(args, args->positional[0], ret, fail);

	if (r == 0 && on_failure)
		json_object_set_new(*ret, "on_failure", json_string(on_failure));
	if (r == 0 && plan_file)
		r = ctl_plan_read(plan_file, &plan, fail);
	if (r == 0 && plan)
		json_object_set_new(*ret, "plan", plan);
	return r;
}

static int finish(const struct ctl_args *args, const json_t *op, struct wire_failure *fail)
{
	int code = ctl_follow_finish(args, op, "is deployed", fail);

	if (code == CTL_EXIT_OK && ctl_wants_table(args)) {
		fflush(stdout);
		fputs("next: ctl verify\n", stderr);
	}
	return code;
}

static int detach(const struct ctl_args *args, const json_t *accepted, struct wire_failure *fail)
{
	if (!ctl_wants_table(args))
		return ctl_print_document(args, accepted, fail);
	printf("%s\n", ctl_json_text(accepted, "operation"));
	return 0;
}

static int dry_run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *plan = NULL;
	int r = ctl_plan_make(ctl, args, &plan, fail);

	return r < 0 ? r : ctl_plan_show(args, plan, fail);
}

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *bundle = NULL, *accepted = NULL, *op = NULL;
	autobuf struct sp_buf url = SP_BUF_INIT;
	int r;

	if (ctl_flag_on(args, "dry-run"))
		return dry_run(ctl, args, fail);
	r = make_request(args, &bundle, fail);
	sp_buf_puts(&url, "/v1/deploys");
	if (r == 0)
		r = ctl_change(ctl, args, "POST", &url, bundle,
			       ctl_flag_str(args, "idempotency-key"), &accepted, fail);
	if (r < 0)
		return r;
	if (ctl_flag_on(args, "detach"))
		return detach(args, accepted, fail);
	fprintf(stderr, "operation %s\n", ctl_json_text(accepted, "operation"));
	r = ctl_follow(ctl, ctl_json_text(accepted, "operation"), &op, fail);
	return r < 0 ? r : finish(args, op, fail);
}

const struct ctl_command ctl_cmd_deploy = {
	.name = "deploy",
	.args = "FILE",
	.summary = "make a stack what its file says",
	.details =
		"The file is read here first: a file with errors reaches no server. What it refers to "
		"(variables,\nenv files, configs, secrets) is sent along, and nothing else. Ctrl-C "
		"ends ctl, not the deploy.",
	.flags = flags,
	.args_min = 1,
	.args_max = 1,
	.run = run,
};
