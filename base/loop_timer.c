/*
 * The loop's timers: a binary heap ordered by due time, and among equals by arming order. A timer
 * knows its place (slot, counted from 0; meaningful only while due_ns is set), so moving and
 * cancelling cost O(log n).
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/loop_backend.h"
#include "base/time.h"

#define HEAP_STEP 64

static bool before(const struct sp_timer *a, const struct sp_timer *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void put(struct sp_loop *loop, uint32_t slot, struct sp_timer *t)
{
	loop->heap[slot] = t;
	t->slot = slot;
}

static void sift_up(struct sp_loop *loop, uint32_t slot, struct sp_timer *t)
{
	while (slot > 0 && before(t, loop->heap[(slot - 1) / 2])) {
		put(loop, slot, loop->heap[(slot - 1) / 2]);
		slot = (slot - 1) / 2;
	}
	put(loop, slot, t);
}

static void sift_down(struct sp_loop *loop, uint32_t slot, struct sp_timer *t)
{
	for (;;) {
		uint32_t child = 2 * slot + 1;

		if (child >= loop->n_timers)
			break;
		if (child + 1 < loop->n_timers && before(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (!before(loop->heap[child], t))
			break;
		put(loop, slot, loop->heap[child]);
		slot = child;
	}
	put(loop, slot, t);
}

/* t goes where it belongs, starting from a slot whose old content is gone. */
static void settle(struct sp_loop *loop, uint32_t slot, struct sp_timer *t)
{
	if (slot > 0 && before(t, loop->heap[(slot - 1) / 2]))
		sift_up(loop, slot, t);
	else
		sift_down(loop, slot, t);
}

static int grow(struct sp_loop *loop)
{
	size_t room = (size_t)loop->heap_room + HEAP_STEP + loop->heap_room / 2;
	struct sp_timer **heap = reallocarray(loop->heap, room, sizeof(struct sp_timer *));

	if (!heap)
		return -ENOMEM;
	loop->heap = heap;
	loop->heap_room = (uint32_t)room;
	return 0;
}

int sp_timer_arm(struct sp_loop *loop, struct sp_timer *t, int64_t due_ns)
{
	bool armed = t->due_ns != 0;

	assert(t->fn);
	assert(!armed || t->loop == loop);
	if (!armed && loop->n_timers == loop->heap_room && grow(loop) < 0)
		return -ENOMEM;
	t->loop = loop;
	t->due_ns = due_ns > 0 ? due_ns : 1;
	t->order = loop->timer_order++;
	if (armed)
		settle(loop, t->slot, t);
	else
		sift_up(loop, loop->n_timers++, t);
	return 0;
}

int sp_timer_arm_in(struct sp_loop *loop, struct sp_timer *t, int64_t delay_ns)
{
	int64_t due;

	/* From the clock, not from the round's stamp: a timer never fires early. */
	if (__builtin_add_overflow(sp_time_mono_ns(), delay_ns > 0 ? delay_ns : 0, &due))
		due = INT64_MAX;
	return sp_timer_arm(loop, t, due);
}

void sp_timer_cancel(struct sp_timer *t)
{
	struct sp_loop *loop = t->loop;
	struct sp_timer *tail;

	if (!t->due_ns)
		return;
	assert(loop->heap[t->slot] == t);
	tail = loop->heap[--loop->n_timers];
	if (tail != t)
		settle(loop, t->slot, tail);
	t->due_ns = 0;
}

int64_t sp_loop_timer_wait(const struct sp_loop *loop)
{
	if (!loop->n_timers)
		return -1;
	return loop->heap[0]->due_ns > loop->now_ns ? loop->heap[0]->due_ns - loop->now_ns : 0;
}

/* Timers armed by these callbacks wait for the next round, even when they are already due. */
void sp_loop_run_timers(struct sp_loop *loop)
{
	uint64_t end = loop->timer_order;

	while (loop->n_timers && loop->heap[0]->due_ns <= loop->now_ns) {
		struct sp_timer *t = loop->heap[0];

		if (t->order >= end)
			return;
		sp_timer_cancel(t);
		t->fn(t);
	}
}
