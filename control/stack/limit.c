/* See limit.h. */
#include "control/stack/limit.h"

#include "control/stack/revision.h"

void operation_limit_by_policy(struct operation *o)
{
	autorevision struct revision rev = { 0 };
	struct store_stack row;

	if (store_stack_get(o->store, o->row.stack, &row, NULL) < 0 || !row.revision ||
	    revision_read(o->store, o->row.stack, row.revision, &rev, NULL) < 0)
		return;
	operation_limit(o, rev.stack->policy.timeout_ns);
}
