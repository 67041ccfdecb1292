/* Failures for people; see failure.h. */
#include "ctl/failure.h"

#include <stdio.h>
#include <string.h>

#include "ctl/table.h"

/* A part of the address that the message does not quote itself. */
static bool is_told(const struct wire_failure *f, const char *name)
{
	char quoted[sizeof(f->resource) + 2];

	snprintf(quoted, sizeof(quoted), "'%s'", name);
	return name[0] && !strstr(f->err.message, quoted);
}

/* A message of the store begins with that word. */
static bool names_stage(const struct wire_failure *f, const char *stage)
{
	const char *message = f->err.message;
	size_t len = strlen(stage);

	return !strncmp(message, stage, len) && (message[len] == ':' || message[len] == ' ');
}

/* "attempt 3 of 3"; of tries that only a time bounds, "attempt 7". */
static void put_attempt(const struct wire_failure *f, struct sp_buf *out)
{
	sp_buf_printf(out, "attempt %u", f->attempt);
	if (f->attempts)
		sp_buf_printf(out, " of %u", f->attempts);
}

/* "start of demo-db-1 on worker1, attempt 3 of 3: " */
static void put_address(const struct wire_failure *f, struct sp_buf *out)
{
	bool local = f->err.stage == SP_STAGE_CLIENT || f->err.stage == SP_STAGE_NONE;
	const char *stage = sp_stage_name(f->err.stage);
	size_t before = out->len;

	if (!local && !names_stage(f, stage))
		sp_buf_puts(out, stage);
	if (is_told(f, f->resource))
		sp_buf_printf(out, "%s%s", out->len > before ? " of " : "", f->resource);
	if (is_told(f, f->node))
		sp_buf_printf(out, "%son %s", out->len > before ? " " : "", f->node);
	if (f->attempt > 1 || f->attempts > 1) {
		sp_buf_puts(out, out->len > before ? ", " : "");
		put_attempt(f, out);
	}
	if (out->len > before)
		sp_buf_puts(out, ": ");
}

void ctl_failure_evidence(const struct wire_failure *f, struct sp_buf *out)
{
	const char *evidence = f->evidence;

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
	ctl_failure_evidence(f, &text);
	if (f->next[0])
		sp_buf_printf(&text, "next: %s\n", f->next);
	if (text.data)
		ctl_clean(&clean, text.data, true);
	fprintf(out, "%serror:%s %s", ctl_style_on(red), ctl_style_off(red),
		clean.data ? clean.data : "out of memory\n");
}
