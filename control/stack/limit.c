/* See limit.h. */
#include "control/stack/limit.h"

#include "base/time.h"
#include "control/stack/revision.h"

void operation_limit_by_policy(struct operation *o)
{
	autorevision struct revision rev = { 0 };
	struct store_stack row;

	if (store_stack_get(o->store, o->row.stack, &row, NULL) < 0 || !row.revision ||
	    revision_read(o->store, o->row.stack, row.revision, &rev, NULL) < 0 ||
	    !rev.stack->policy.timeout_ns)
		return;
	o->deadline_ns = sp_time_mono_ns() + rev.stack->policy.timeout_ns;
}
