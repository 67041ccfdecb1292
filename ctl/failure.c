/* Failures for people; see failure.h. */
#include "ctl/failure.h"

#include <string.h>

#include "ctl/table.h"

/* "start of demo-db-1 on worker1, attempt 3 of 3: " */
static void put_address(const struct wire_failure *f, struct sp_buf *out)
{
	bool local = f->err.stage == SP_STAGE_CLIENT || f->err.stage == SP_STAGE_NONE;
	size_t before = out->len;

	if (!local)
		sp_buf_puts(out, sp_stage_name(f->err.stage));
	if (f->resource[0])
		sp_buf_printf(out, "%s%s", out->len > before ? " of " : "", f->resource);
	if (f->node[0])
		sp_buf_printf(out, "%son %s", out->len > before ? " " : "", f->node);
	if (f->attempts > 1)
		sp_buf_printf(out, "%sattempt %u of %u", out->len > before ? ", " : "", f->attempt,
			      f->attempts);
	if (out->len > before)
		sp_buf_puts(out, ": ");
}

static void put_evidence(const char *evidence, struct sp_buf *out)
{
	while (*evidence) {
		size_t len = strcspn(evidence, "\n");

		sp_buf_printf(out, "    %.*s\n", (int)len, evidence);
		evidence += len + (evidence[len] == '\n');
	}
}

void ctl_failure_print(const struct wire_failure *f, FILE *out)
{
	autobuf struct sp_buf text = SP_BUF_INIT, clean = SP_BUF_INIT;
	enum ctl_style red = ctl_colours(out) ? CTL_RED : CTL_PLAIN;

	put_address(f, &text);
	sp_buf_printf(&text, "%s\n", f->err.message);
	put_evidence(f->evidence, &text);
	if (f->next[0])
		sp_buf_printf(&text, "next: %s\n", f->next);
	if (text.data)
		ctl_clean(&clean, text.data, true);
	fprintf(out, "%serror:%s %s", ctl_style_on(red), ctl_style_off(red),
		clean.data ? clean.data : "out of memory\n");
}
