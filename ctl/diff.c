/* Differences for people; see diff.h. */
#include "ctl/diff.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/str.h"
#include "ctl/exit.h"
#include "ctl/output.h"
#include "ctl/plan.h"
#include "ctl/terminal.h"

static void put_head(const json_t *diff, const char *kind, struct sp_buf *out)
{
	long long from = (long long)json_integer_value(json_object_get(diff, "from"));
	long long to = (long long)json_integer_value(json_object_get(diff, "to"));

	sp_buf_printf(out, "stack '%s': %s%lld -> ", ctl_json_text(diff, "stack"), kind, from);
	if (json_object_get(diff, "file"))
		sp_buf_printf(out, "%s\n", ctl_json_text(diff, "file"));
	else
		sp_buf_printf(out, "%s%lld\n", kind, to);
}

static void put_diff(const json_t *diff, const char *kind, bool wide, struct sp_buf *out)
{
	struct ctl_changes_style style = { .colours = ctl_colours(stdout), .whole = wide };

	put_head(diff, kind, out);
	ctl_differing_put(json_object_get(diff, "workloads"), &style, out);
}

int ctl_diff_show(const struct ctl_args *args, const json_t *diff, const char *kind,
		  struct wire_failure *fail)
{
	bool differ = json_array_size(json_object_get(diff, "workloads")) > 0;
	bool wide = sp_str_eq(ctl_flag_str(args, "output"), "wide");
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r = 0;

	if (!ctl_wants_table(args)) {
		r = ctl_print_document(args, diff, fail);
	} else if (differ) {
		put_diff(diff, kind, wide, &text);
		r = sp_buf_check(&text, &fail->err);
		if (r == 0)
			fputs(text.data, stdout);
	}
	if (r < 0)
		return r;
	return differ ? CTL_EXIT_CHANGES : CTL_EXIT_OK;
}
