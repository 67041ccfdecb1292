/* See lease.h. */
#include "control/operation/lease.h"

#include "base/time.h"
#include "control/node/agents_ask.h"
#include "control/operation/agents.h"

static struct store_lease_right right_of(const struct operation *o)
{
	return (struct store_lease_right){ o->row.id, o->control->runner, o->row.token };
}

static int guard(struct store *s, void *state, struct sp_err *err)
{
	struct store_lease_right right = right_of(state);

	return store_lease_check(s, &right, err);
}

int operation_lease_take(struct operation *o, struct sp_err *err)
{
	struct store_lease_right right = right_of(o);
	int64_t ttl = o->control->config.lock_ttl_ns, before = sp_time_mono_ns();
	int r = store_lease_renew(o->store, &right, ttl, err);

	if (r < 0)
		return r;
	operation_agents_extend(o->agents, before + ttl);
	store_guard(o->store, guard, o);
	if (o->row.attempt > 1)
		agents_fence(o->control, o->store, o->row.stack, o->row.token);
	return 0;
}

void operation_lease_drop(struct operation *o)
{
	if (o->store)
		store_guard(o->store, NULL, NULL);
}
