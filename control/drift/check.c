/* See check.h. */
#include "control/drift/check.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/time.h"
#include "control/drift/detect.h"

/* What was changed a moment ago may still be on its way (the nodes' list of nodes). */
#define SETTLE_NS (1 * SP_NS_PER_S)
#define PAUSE_NS  (100 * SP_NS_PER_MS)
#define TOLD_MAX  4 /* differences that are named */

static int look_until_settled(struct operation *o, struct drift_report *ret, struct sp_err *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int64_t end = sp_time_mono_ns() + SETTLE_NS;

	for (;;) {
		int r = drift_find(o->control, o->store, o->row.stack, o->row.id, ret, err);

		if (r < 0 || !ret->findings.n || operation_stopping(o) || sp_time_mono_ns() > end)
			return r;
		drift_report_fini(ret);
		nanosleep(&pause, NULL);
	}
}

/* "2 differences: demo-api-1/state, demo-db-1/limits.memory.max" */
static void describe_findings(const struct drift_findings *all, struct sp_buf *out)
{
	sp_buf_printf(out, "%zu difference%s", all->n, all->n == 1 ? "" : "s");
	for (size_t i = 0; i < all->n && i < TOLD_MAX; i++)
		sp_buf_printf(out, "%s%s/%s", i ? ", " : ": ", all->list[i].resource,
			      all->list[i].field);
	if (all->n > TOLD_MAX)
		sp_buf_puts(out, ", ...");
}

static void describe(const struct drift_report *report, struct sp_buf *out)
{
	if (report->findings.n)
		describe_findings(&report->findings, out);
	else
		sp_buf_puts(out, "as deployed");
	for (char **node = report->unreachable; *node; node++)
		sp_buf_printf(out, "; '%s' does not answer: what it has is unknown", *node);
}

/* Whatever comes of it, what was deployed is deployed. */
static int check(struct operation *o, void *state, struct sp_err *err)
{
	autobuf struct sp_buf words = SP_BUF_INIT;
	struct drift_report report = { 0 };
	struct sp_err why = { 0 };
	int r = look_until_settled(o, &report, &why);

	(void)state;
	(void)err;
	if (r == 0)
		r = drift_keep(o->store, &report, &why);
	if (r == 0)
		describe(&report, &words);
	else
		sp_buf_printf(&words, "could not look: %s", why.message);
	operation_say(o, "%s", words.data ? words.data : "");
	if (r < 0 || report.findings.n || *report.unreachable)
		operation_warn(o, "drift", "%s", o->message);
	drift_report_fini(&report);
	return 0;
}

void drift_check(struct operation *o)
{
	struct operation_step step = { .name = "drift-check",
				       .resource = o->row.stack,
				       .stage = SP_STAGE_VERIFY,
				       .fn = check };
	struct sp_err err;

	operation_step(o, 0, &step, &err);
}
