/* ctl validate */
#include <errno.h>
#include <stdio.h>

#include "base/json.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/exit.h"
#include "ctl/output.h"
#include "ctl/source.h"

static const struct ctl_flag flags[] = {
	CTL_FLAGS_SOURCE,
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static json_t *describe(const char *path, const struct ctl_source *s)
{
	json_t *services = json_array();
	json_t *doc =
		json_pack("{s:s, s:b, s:s*, s:o, s:o*}", "file", path, "valid", s->stack != NULL,
			  "stack", s->stack ? s->stack->name : NULL, "services", services,
			  "diagnostics", stack_report_encode(&s->report));

	for (size_t i = 0; s->stack && i < s->stack->n_services; i++)
		json_array_append_new(services, json_string(s->stack->services[i].name));
	return doc;
}

static int report(const struct ctl_args *args, const struct ctl_source *s,
		  struct wire_failure *fail)
{
	autojson json_t *doc = NULL;
	const char *path = args->positional[0];

	if (!ctl_wants_table(args)) {
		doc = describe(path, s);
		return doc ? ctl_print_document(args, doc, fail) : sp_fail_nomem(&fail->err);
	}
	ctl_source_talk(s);
	if (s->stack)
		printf("%s: stack '%s' is valid: %zu services, %zu volumes\n", path, s->stack->name,
		       s->stack->n_services, s->stack->n_volumes);
	else
		fprintf(stderr, "%s: %zu errors\n", path, s->report.errors);
	return 0;
}

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	struct ctl_source s = { 0 };
	int r = ctl_source_read(args, args->positional[0], &s, fail), shown;
	bool refused = r == -EINVAL && s.report.errors;

	(void)ctl;
	if (r < 0 && !refused) {
		ctl_source_fini(&s);
		return r;
	}
	shown = report(args, &s, fail);
	ctl_source_fini(&s);
	if (shown < 0)
		return shown;
	return refused ? CTL_EXIT_INVALID : CTL_EXIT_OK;
}

const struct ctl_command ctl_cmd_validate = {
	.name = "validate",
	.args = "FILE",
	.summary = "read a stack file and say all that is wrong with it; asks no server",
	.details = "FILE - is standard input.",
	.flags = flags,
	.args_min = 1,
	.args_max = 1,
	.run = run,
};
