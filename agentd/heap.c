/* See heap.h. */
#include "agentd/heap.h"

#include <malloc.h>

#include "agentd/agent.h"

void heap_keep_small(void)
{
	mallopt(M_MMAP_THRESHOLD, HEAP_KEEP_BYTES);
	mallopt(M_TRIM_THRESHOLD, HEAP_KEEP_BYTES);
	mallopt(M_TOP_PAD, 0);
}

bool heap_give_back(void)
{
	return mallinfo2().fordblks > HEAP_FREE_MAX && malloc_trim(0) == 1;
}

static void look(struct sp_timer *t)
{
	struct agent *a = t->owner;

	heap_give_back();
	sp_timer_arm_in(a->loop, t, HEAP_LOOK_NS); /* its place is kept: this cannot fail */
}

int heap_watch(struct agent *a, struct sp_err *err)
{
	a->heap_look = (struct sp_timer){ .fn = look, .owner = a };
	return sp_timer_arm_in(a->loop, &a->heap_look, HEAP_LOOK_NS) < 0 ? sp_fail_nomem(err) : 0;
}

void heap_unwatch(struct agent *a)
{
	sp_timer_cancel(&a->heap_look);
}
