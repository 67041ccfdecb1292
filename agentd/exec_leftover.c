/* See exec_leftover.h. */
#include "agentd/exec_leftover.h"

#include "base/log.h"
#include "base/time.h"

#define LOOK_AGAIN_NS (SP_NS_PER_S / 2)

static void look_again(struct agent *a)
{
	if (rt_exec_leftovers(a->engine) && !a->leftovers.due_ns &&
	    sp_timer_arm_in(a->loop, &a->leftovers, LOOK_AGAIN_NS) < 0)
		sp_log(SP_LOG_ERROR, "exec.leftover");
}

static void on_due(struct sp_timer *t)
{
	look_again(t->owner);
}

void exec_leftover_init(struct agent *a)
{
	a->leftovers = (struct sp_timer){ .fn = on_due, .owner = a };
}

void exec_leftover_end(struct agent *a, struct rt_exec *x)
{
	rt_exec_free(x);
	look_again(a);
}
