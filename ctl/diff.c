/* Differences for people; see diff.h. */
#include "ctl/diff.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/str.h"
#include "ctl/exit.h"
#include "ctl/output.h"
#include "ctl/plan.h"
#include "ctl/terminal.h"

/* "revision 1 -> revision 2", or "revision 1 -> shop.yaml" */
static void put_sides(const json_t *diff, const char *kind, const char *between, struct sp_buf *out)
{
	long long from = (long long)json_integer_value(json_object_get(diff, "from"));
	long long to = (long long)json_integer_value(json_object_get(diff, "to"));

	sp_buf_printf(out, "%s%lld%s", kind, from, between);
	if (json_object_get(diff, "file"))
		sp_buf_printf(out, "%s\n", ctl_json_text(diff, "file"));
	else
		sp_buf_printf(out, "%s%lld\n", kind, to);
}

static void put_diff(const json_t *diff, const char *kind, bool wide, struct sp_buf *out)
{
	struct ctl_changes_style style = { .colours = ctl_colours(stdout), .whole = wide };
	const json_t *differing = json_object_get(diff, "workloads");

	sp_buf_printf(out, "stack '%s': ", ctl_json_text(diff, "stack"));
	if (!json_array_size(differing)) {
		sp_buf_puts(out, "no difference between ");
		put_sides(diff, kind, " and ", out);
		return;
	}
	put_sides(diff, kind, " -> ", out);
	ctl_differing_put(differing, &style, out);
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
	} else {
		put_diff(diff, kind, wide, &text);
		r = sp_buf_check(&text, &fail->err);
		if (r == 0)
			fputs(text.data, stdout);
	}
	if (r < 0)
		return r;
	return differ ? CTL_EXIT_CHANGES : CTL_EXIT_OK;
}
