/* ctl validate */
#include <errno.h>
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/exit.h"
#include "ctl/output.h"
#include "ctl/source.h"
#include "ctl/validate_report.h"

static const struct ctl_flag flags[] = {
	CTL_FLAGS_SOURCE,
	{ .name = "strict", .type = CTL_BOOL, .help = "warnings fail too, and what was skipped" },
	{ .name = "offline", .type = CTL_BOOL, .help = "only read the file; ask no server" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml|junit"),
	CTL_FLAGS_END,
};

/* ---- a file ---- */

static json_t *describe(const char *path, const struct ctl_source *s)
{
	json_t *services = json_array();
	json_t *doc = json_pack(
		"{s:s, s:b, s:s*, s:o, s:o*, s:[o*]}", "file", path, "valid", s->stack != NULL,
		"stack", s->stack ? s->stack->name : NULL, "services", services, "diagnostics",
		stack_report_encode(&s->report), "validations", validate_of_source(s));

	for (size_t i = 0; s->stack && i < s->stack->n_services; i++)
		json_array_append_new(services, json_string(s->stack->services[i].name));
	return doc;
}

/* 1: controld has looked at it, *ret; 0: there is no server to ask, and why is said. */
static int ask_about(struct ctl *ctl, const struct ctl_source *s, json_t **ret,
		     struct wire_failure *fail)
{
	json_t *bundle = NULL, *body;
	struct wire_failure why = { 0 };
	int r = ctl_open(ctl, &why);

	if (r == 0)
		r = stack_bundle_encode(s->bundle, &bundle, &why.err);
	if (r == 0) {
		body = json_pack("{s:o}", "bundle", bundle);
		r = body ? ctl_call(ctl, "POST", "/v1/validations", body, ret, &why)
			 : sp_fail_nomem(&why.err);
		json_decref(body);
	}
	if (r == 0)
		return 1;
	if (ctl->http && why.err.code != SP_E_UNREACHABLE) {
		*fail = why;
		return r;
	}
	fprintf(stderr, "only the file was looked at: %s\n", why.err.message);
	return 0;
}

static int file_told(const struct ctl_args *args, const struct ctl_source *s)
{
	const char *path = args->positional[0];

	ctl_source_talk(s);
	if (s->stack)
		printf("%s: stack '%s' is valid: %zu services, %zu volumes\n", path, s->stack->name,
		       s->stack->n_services, s->stack->n_volumes);
	else
		fprintf(stderr, "%s: %zu errors\n", path, s->report.errors);
	if (!s->stack || (s->report.warnings && ctl_flag_on(args, "strict")))
		return CTL_EXIT_INVALID;
	return CTL_EXIT_OK;
}

static int report(struct ctl *ctl, const struct ctl_args *args, const struct ctl_source *s,
		  struct wire_failure *fail)
{
	autojson json_t *doc = describe(args->positional[0], s), *found = NULL;
	int asked = 0;

	if (!doc)
		return sp_fail_nomem(&fail->err);
	if (s->stack && !ctl_flag_on(args, "offline"))
		asked = ask_about(ctl, s, &found, fail);
	if (asked < 0)
		return asked;
	if (ctl_wants_table(args) && !asked)
		return file_told(args, s);
	if (asked)
		json_object_set(doc, "validations", json_object_get(found, "validations"));
	return validate_report(args, doc, fail);
}

static int validate_file(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	struct ctl_source s = { 0 };
	int r = ctl_source_read(args, args->positional[0], &s, fail);

	if (r == 0 || (r == -EINVAL && s.report.errors)) {
		*fail = (struct wire_failure){ 0 };
		r = report(ctl, args, &s, fail);
	}
	ctl_source_fini(&s);
	return r;
}

/* ---- what was deployed ---- */

static int validate_deployed(struct ctl *ctl, const struct ctl_args *args,
			     struct wire_failure *fail)
{
	const char *name = args->positional[0];
	bool all = sp_str_eq(name, "all");
	json_t *body = all ? json_pack("{s:b}", "all", 1) : json_pack("{s:s}", "stack", name);
	autojson json_t *found = NULL;
	int r = body ? ctl_call(ctl, "POST", "/v1/validations", body, &found, fail)
		     : sp_fail_nomem(&fail->err);

	json_decref(body);
	return r < 0 ? r : validate_report(args, found, fail);
}

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	if (ctl_source_is_file(args->positional[0]))
		return validate_file(ctl, args, fail);
	return validate_deployed(ctl, args, fail);
}

const struct ctl_command ctl_cmd_validate = {
	.name = "validate",
	.args = "FILE|STACK|all",
	.summary = "say all that is wrong with a stack file, or with what was deployed",
	.details =
		"A file is read here; where a server can be reached it also looks at dependencies, "
		"lock, images and nodes.\nFILE - is standard input. Exits 3 when anything fails.",
	.flags = flags,
	.args_min = 1,
	.args_max = 1,
	.run = run,
};
