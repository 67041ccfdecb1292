/* Plans asked for, kept and shown; see plan.h. */
#include "ctl/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/str.h"
#include "ctl/exit.h"
#include "ctl/output.h"
#include "ctl/source.h"
#include "ctl/terminal.h"

#define FORMAT "stackpilot-plan/1"

int ctl_plan_make(struct ctl *ctl, const struct ctl_args *args, json_t **ret,
		  struct wire_failure *fail)
{
	autojson json_t *bundle = NULL;
	int r = ctl_source_bundle(args, args->positional[0], &bundle, fail);

	return r < 0 ? r : ctl_call(ctl, "POST", "/v1/plans", bundle, ret, fail);
}

int ctl_plan_show(const struct ctl_args *args, const json_t *plan, struct wire_failure *fail)
{
	const char *output = ctl_flag_str(args, "output");
	bool changes = json_is_true(ctl_json_at(plan, "summary.changes"));
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r = 0;

	if (!ctl_wants_table(args)) {
		r = ctl_print_document(args, plan, fail);
	} else {
		ctl_plan_print(plan, sp_str_eq(output, "wide"), &text);
		r = sp_buf_check(&text, &fail->err);
		if (r == 0)
			fputs(text.data, stdout);
	}
	if (r < 0)
		return r;
	return changes ? CTL_EXIT_CHANGES : CTL_EXIT_OK;
}

/* A plan tells much of a stack: it is for its owner alone. */
int ctl_plan_write(const json_t *plan, const char *path, struct wire_failure *fail)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return sp_fail_errno(&fail->err, errno, "'%s'", path);
	if (json_dumpfd(plan, fd, JSON_INDENT(2)) < 0 || fsync(fd) < 0)
		return ctl_fail(fail, SP_E_SYSTEM, "'%s': the plan was not written whole", path);
	return 0;
}

int ctl_plan_read(const char *path, json_t **ret, struct wire_failure *fail)
{
	json_error_t why;
	autojson json_t *plan = json_load_file(path, JSON_REJECT_DUPLICATES, &why);

	if (!plan)
		return ctl_fail(fail, SP_E_INVALID, "'%s': %s", path, why.text);
	if (!sp_str_eq(ctl_json_text(plan, "format"), FORMAT))
		return ctl_fail(fail, SP_E_INVALID, "'%s' is no plan that `ctl plan --out` wrote",
				path);
	*ret = json_pack("{s:O*, s:O, s:O}", "stack", json_object_get(plan, "stack"), "serial",
			 json_object_get(plan, "serial"), "digests",
			 json_object_get(plan, "digests"));
	return *ret ? 0 : ctl_fail(fail, SP_E_INVALID, "'%s' is not a whole plan", path);
}
