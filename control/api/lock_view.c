/* A lock as the API shows it, and as a refused request hears of it; see lock.h. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "control/api/lock.h"
#include "control/store/waiter.h"

#define STEP_MAX 256

/* "5: start of demo-api-1 on worker1" of the step an operation is in; "" between two. */
static int read_step(struct store *s, const char *operation, char ret[STEP_MAX], struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT number, name, resource, node FROM steps WHERE operation = $1"
			  " AND state = 'running' ORDER BY number DESC LIMIT 1",
			  DB_S(operation));

	ret[0] = '\0';
	if (r == 0)
		r = db_next(rows, err);
	if (r != 1)
		return r;
	snprintf(ret, STEP_MAX, "%lld: %s of %s%s%s", (long long)db_number(rows, 0),
		 db_text(rows, 1), db_text(rows, 2), *db_text(rows, 3) ? " on " : "",
		 db_text(rows, 3));
	return 0;
}

static int add_waiter(const struct store_waiter *w, void *state)
{
	return json_array_append_new(
		state, json_pack("{s:s, s:s, s:s, s:o}", "locked_by", w->locked_by, "host", w->host,
				 "operation", w->operation, "since", sp_json_stamp(w->since_ns)));
}

static json_t *holder_object(const struct store_lease *l, const char *step)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:o, s:o, s:I}",
			 "id", l->id, "kind", store_lease_kind_name(l->kind), "locked_by",
			 l->locked_by, "requested_by", l->requested_by, "host", l->host, "for",
			 l->operation, "operation", l->running, "step", step, "reason", l->reason,
			 "since", sp_json_stamp(l->acquired_at_ns), "age_ns",
			 (json_int_t)(l->now_ns - l->acquired_at_ns), "renewed_at",
			 sp_json_stamp(l->renewed_at_ns), "expires_at",
			 sp_json_stamp(l->expires_at_ns), "ttl_ns", (json_int_t)l->ttl_ns);
}

int lock_view(struct store *s, const struct store_lease *l, json_t **ret, struct sp_err *err)
{
	bool held = store_lease_is_held(l);
	autojson json_t *waiters = json_array(), *view = NULL;
	char step[STEP_MAX] = "";
	int r = store_waiter_each(s, l->stack, add_waiter, waiters, err);

	if (r == 0 && *l->running)
		r = read_step(s, l->running, step, err);
	if (r < 0)
		return r;
	view = held ? holder_object(l, step) : json_object();
	if (json_object_set_new(view, "stack", json_string(l->stack)) < 0 ||
	    json_object_set_new(view, "held", json_boolean(held)) < 0 ||
	    json_object_set_new(view, "token", json_integer(l->token)) < 0 ||
	    json_object_set(view, "waiters", waiters) < 0)
		return sp_fail_nomem(err);
	*ret = take_ptr(view);
	return 0;
}

/* Lines for people: what, since, until, why, and the id that every way out needs. */
static void put_evidence(const struct store_lease *l, const char *step, char *out, size_t room)
{
	char since[SP_TIME_STAMP_MAX], until[SP_TIME_STAMP_MAX], age[SP_DURATION_MAX],
		left[SP_DURATION_MAX];
	int64_t rest = l->expires_at_ns > l->now_ns ? l->expires_at_ns - l->now_ns : 0;

	sp_time_format(l->acquired_at_ns, since);
	sp_time_format(l->expires_at_ns, until);
	sp_duration_format((l->now_ns - l->acquired_at_ns) / SP_NS_PER_S * SP_NS_PER_S, age);
	sp_duration_format(rest / SP_NS_PER_S * SP_NS_PER_S, left);
	snprintf(out, room,
		 "held by  %s%s%s (%s)\nfor      %s%s%s%s%s\nsince    %.19sZ, %s ago\n"
		 "until    %.19sZ, in %s%s\n%s%s%slock id  %s\n",
		 l->locked_by, *l->host ? " on " : "", l->host, l->requested_by,
		 *l->operation ? l->operation : "(not said)", *l->running ? ", operation " : "",
		 l->running, *step ? ", step " : "", step, since, age, until, left,
		 *l->running ? "; renewed while the operation runs" : "",
		 *l->reason ? "reason   " : "", l->reason, *l->reason ? "\n" : "", l->id);
}

/* What else one can do than look; behind what is there. */
static void put_ways_out(const struct store_lease *l, char *out, size_t room)
{
	size_t used = strlen(out);

	snprintf(out + used, room - used, "ways out --wait: the same again, and queue for it\n");
	used += strlen(out + used);
	if (!*l->running)
		snprintf(
			out + used, room - used,
			"         --lock %s: it is yours\n"
			"         ctl lock force-release %s --lock %s --reason WHY: it is abandoned\n",
			l->id, l->stack, l->id);
}

void lock_explain(struct store *s, const char *stack, struct wire_failure *ret)
{
	char step[STEP_MAX] = "";
	struct store_lease l;

	snprintf(ret->resource, sizeof(ret->resource), "%s", stack);
	if (store_lease_get(s, stack, &l, NULL) < 0)
		return;
	if (!store_lease_is_held(&l)) {
		snprintf(ret->next, sizeof(ret->next), "ctl lock status %s", stack);
		return;
	}
	if (*l.running)
		read_step(s, l.running, step, NULL);
	put_evidence(&l, step, ret->evidence, sizeof(ret->evidence));
	put_ways_out(&l, ret->evidence, sizeof(ret->evidence));
	if (*l.running)
		snprintf(ret->next, sizeof(ret->next), "ctl op show --follow %s", l.running);
	else
		snprintf(ret->next, sizeof(ret->next), "ctl lock status %s", stack);
}
