/* What one hears who does not get a lock; see lease.h. */
#include <string.h>

#include "base/time.h"
#include "control/store/lease.h"

static const char *or_nobody(const char *who)
{
	return *who ? who : "somebody";
}

int store_lease_refuse(const struct store_lease *l, struct sp_err *err)
{
	char age[SP_DURATION_MAX], until[SP_TIME_STAMP_MAX];

	if (!*l->id)
		return sp_fail(err, SP_E_LOCKED, "stack '%s' is free, but others wait for its lock",
			       l->stack);
	sp_duration_format((l->now_ns - l->acquired_at_ns) / SP_NS_PER_S * SP_NS_PER_S, age);
	sp_time_format(l->expires_at_ns, until);
	if (*l->running)
		return sp_fail(err, SP_E_LOCKED,
			       "stack '%s' is locked by %s%s%s: %s, operation '%s', since %s ago",
			       l->stack, or_nobody(l->locked_by), *l->host ? " on " : "", l->host,
			       l->operation, l->running, age);
	return sp_fail(err, SP_E_LOCKED,
		       "stack '%s' is locked by %s%s%s (%s) since %s ago, until %.19sZ%s%s",
		       l->stack, or_nobody(l->locked_by), *l->host ? " on " : "", l->host,
		       l->kind == STORE_LEASE_MANUAL ? "manually" : l->operation, age, until,
		       *l->reason ? ": " : "", l->reason);
}
