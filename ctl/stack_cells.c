/* See stack_cells.h. */
#include "ctl/stack_cells.h"

#include "base/time.h"
#include "ctl/output.h"

static void put_ago(const char *stamp, struct sp_buf *out)
{
	sp_buf_puts(out, ", ");
	ctl_put_age(stamp, out);
	sp_buf_puts(out, " ago");
}

void stack_put_operation(const json_t *stack, struct sp_buf *out)
{
	const json_t *op = json_object_get(stack, "last_operation");
	const char *finished = ctl_json_text(op, "finished_at");

	if (!json_is_object(op))
		return;
	sp_buf_printf(out, "%s %s", ctl_json_text(op, "kind"), ctl_json_text(op, "state"));
	if (*finished) {
		sp_buf_puts(out, " in ");
		ctl_put_took(ctl_json_text(op, "created_at"), finished, out);
	}
	sp_buf_printf(out, " by %s", ctl_json_text(op, "requested_by"));
	put_ago(ctl_json_text(op, "created_at"), out);
	sp_buf_printf(out, " (%s)", ctl_json_text(op, "id"));
}

void stack_put_executions(const json_t *stack, struct sp_buf *out)
{
	json_t *counts = json_object_get(stack, "executions"), *n;
	const char *state, *between = ": ";
	json_int_t all = 0;

	json_object_foreach (counts, state, n)
		all += json_integer_value(n);
	sp_buf_printf(out, "%lld", (long long)all);
	json_object_foreach (counts, state, n) {
		if (!json_integer_value(n))
			continue;
		sp_buf_printf(out, "%s%lld %s", between, (long long)json_integer_value(n), state);
		between = ", ";
	}
}

void stack_put_lock(const json_t *stack, struct sp_buf *out)
{
	const json_t *lock = json_object_get(stack, "lock");
	const char *host = ctl_json_text(lock, "host"), *running = ctl_json_text(lock, "operation");

	if (!json_is_true(json_object_get(lock, "held")))
		return;
	sp_buf_printf(out, "%s%s%s (%s%s%s)", ctl_json_text(lock, "locked_by"), *host ? " on " : "",
		      host, ctl_json_text(lock, "kind"), *running ? " " : "", running);
}

void stack_put_snapshots(const json_t *stack, struct sp_buf *out)
{
	const json_t *snapshots = json_object_get(stack, "snapshots");
	const json_t *last = json_object_get(snapshots, "last");

	ctl_put_value(json_object_get(snapshots, "count"), out);
	if (!json_is_object(last))
		return;
	sp_buf_puts(out, ", last v");
	ctl_put_value(json_object_get(last, "version"), out);
	sp_buf_puts(out, " of revision ");
	ctl_put_value(json_object_get(last, "revision"), out);
	put_ago(ctl_json_text(last, "created_at"), out);
}

void stack_put_drift(const json_t *stack, struct sp_buf *out)
{
	const json_t *drift = json_object_get(stack, "drift");
	json_int_t n = json_integer_value(json_object_get(drift, "findings"));

	if (!json_is_object(drift))
		return;
	if (n)
		sp_buf_printf(out, "%lld finding%s", (long long)n, n > 1 ? "s" : "");
	else
		sp_buf_puts(out, "none");
	put_ago(ctl_json_text(drift, "at"), out);
}

void stack_put_expires(const json_t *stack, struct sp_buf *out)
{
	char left[SP_DURATION_MAX];
	int64_t at, now = sp_time_real_ns();

	if (sp_time_parse(ctl_json_text(stack, "expires_at"), &at, NULL) < 0)
		return;
	sp_duration_format((at - now) / SP_NS_PER_S * SP_NS_PER_S, left);
	if (at > now)
		sp_buf_printf(out, "in %s", left);
	else
		sp_buf_puts(out, "overdue");
}

void stack_put_verify(const json_t *stack, struct sp_buf *out)
{
	const json_t *v = json_object_get(stack, "last_verify");

	if (!json_is_object(v))
		return;
	if (json_is_true(json_object_get(v, "ok")))
		sp_buf_printf(out, "passed %lld checks",
			      (long long)json_integer_value(json_object_get(v, "passed")));
	else
		sp_buf_printf(out, "failed: %lld failed, %lld skipped",
			      (long long)json_integer_value(json_object_get(v, "failed")),
			      (long long)json_integer_value(json_object_get(v, "skipped")));
	sp_buf_printf(out, " of revision %lld by %s",
		      (long long)json_integer_value(json_object_get(v, "revision")),
		      ctl_json_text(v, "by"));
	put_ago(ctl_json_text(v, "at"), out);
}
