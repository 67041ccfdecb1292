/* The loop: timers. */
#include "base/loop.h"

#include <stdlib.h>

#include "tests/unit/base/loop_test.h"

struct tick {
	struct sp_timer timer;
	int id, *order, *n;
};

static void on_tick(struct sp_timer *t)
{
	struct tick *k = t->owner;

	k->order[(*k->n)++] = k->id;
}

LOOP_TEST(timers_fire_in_order_of_time_then_of_arming)
{
	int order[8], n = 0;
	struct tick t[5];
	static const int ms[5] = { 5, 1, 3, 1, 4 };
	int64_t base = sp_time_mono_ns();

	for (int i = 0; i < 5; i++) {
		t[i] = (struct tick){
			.timer = { .fn = on_tick, .owner = &t[i] }, .id = i, .order = order, .n = &n
		};
		cr_assert_eq(sp_timer_arm(loop, &t[i].timer, base + ms[i] * SP_NS_PER_MS), 0);
	}
	sp_timer_cancel(&t[2].timer);
	sp_timer_cancel(&t[2].timer);
	cr_assert_eq(sp_timer_arm(loop, &t[0].timer, base + 2 * SP_NS_PER_MS), 0);
	while (n < 4)
		cr_assert_eq(sp_loop_run_once(loop, -1, NULL), 0);
	cr_expect_arr_eq(order, ((int[]){ 1, 3, 0, 4 }), 4 * sizeof(int));
	cr_expect_geq(sp_time_mono_ns(), base + 4 * SP_NS_PER_MS, "a timer is never early");
	cr_expect_eq(t[0].timer.due_ns, 0);
}

LOOP_TEST(a_heap_of_timers_stays_sorted_through_random_changes)
{
	enum { N = 2000 };
	struct tick *t = calloc(N, sizeof(*t));
	int *order = calloc(N, sizeof(int)), n = 0, alive = 0;
	int64_t base = sp_time_mono_ns() - SP_NS_PER_S, *due = calloc(N, sizeof(*due));

	srand(7);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < N; i++) {
			t[i].timer.fn = on_tick;
			t[i].timer.owner = &t[i];
			t[i].id = i, t[i].order = order, t[i].n = &n;
			due[i] = base + rand() % 1000;
			cr_assert_eq(sp_timer_arm(loop, &t[i].timer, due[i]), 0);
			if (rand() % 4 == 0)
				sp_timer_cancel(&t[rand() % N].timer);
		}
	}
	for (int i = 0; i < N; i++)
		alive += t[i].timer.due_ns != 0;
	while (n < alive)
		cr_assert_eq(sp_loop_run_once(loop, 0, NULL), 0);
	for (int i = 1; i < n; i++)
		cr_assert_leq(due[order[i - 1]], due[order[i]]);
	free(t), free(order), free(due);
}

struct rearm {
	struct sp_timer timer;
	struct sp_loop *loop;
	int fired;
};

static void on_rearm(struct sp_timer *t)
{
	struct rearm *r = t->owner;

	r->fired++;
	cr_assert_eq(sp_timer_arm_in(r->loop, t, 0), 0);
}

LOOP_TEST(a_timer_that_rearms_itself_at_once_does_not_hold_the_loop)
{
	struct rearm r = { .timer = { .fn = on_rearm, .owner = &r }, .loop = loop };

	cr_assert_eq(sp_timer_arm_in(loop, &r.timer, 0), 0);
	run_rounds(loop, 5);
	cr_expect_gt(r.fired, 1);
	cr_expect_leq(r.fired, 5);
	sp_timer_cancel(&r.timer);
}
