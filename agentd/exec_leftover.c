/* See exec_leftover.h. */
#include "agentd/exec_leftover.h"

#include <sys/epoll.h>

#include "agentd/agent.h"
#include "agentd/watch.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "runtime/exec.h"

#define AGAIN_FIRST_NS (5 * SP_NS_PER_MS)
#define AGAIN_MAX_NS   (SP_NS_PER_S / 2)

static void look_again(struct agent *a);

static void stop_watching(struct exec_leftover *l)
{
	watch_drop(take_ptr(l->ended));
	sp_close(&l->pidfd);
}

static void on_ended(void *owner)
{
	struct agent *a = owner;

	a->leftover.ended = NULL;
	look_again(a);
}

static void on_due(struct sp_timer *t)
{
	look_again(t->owner);
}

static void look_later(struct agent *a)
{
	struct exec_leftover *l = &a->leftover;

	if (sp_timer_arm_in(a->loop, &l->again, l->delay_ns) < 0)
		sp_log(SP_LOG_ERROR, "exec.leftover");
	l->delay_ns = 2 * l->delay_ns < AGAIN_MAX_NS ? 2 * l->delay_ns : AGAIN_MAX_NS;
}

static void look_again(struct agent *a)
{
	struct exec_leftover *l = &a->leftover;
	struct sp_err err = { 0 };

	stop_watching(l);
	sp_timer_cancel(&l->again);
	if (!rt_exec_leftovers(a->engine, &l->pidfd)) {
		l->delay_ns = AGAIN_FIRST_NS;
		return;
	}
	if (l->pidfd < 0 || watch_new(a->loop, l->pidfd, EPOLLIN, on_ended, a, &l->ended, &err) < 0)
		look_later(a);
}

void exec_leftover_init(struct agent *a)
{
	a->leftover = (struct exec_leftover){ .pidfd = -1, .delay_ns = AGAIN_FIRST_NS };
	a->leftover.again = (struct sp_timer){ .fn = on_due, .owner = a };
}

void exec_leftover_close(struct agent *a)
{
	sp_timer_cancel(&a->leftover.again);
	stop_watching(&a->leftover);
}

void exec_leftover_end(struct agent *a, struct rt_exec *x)
{
	rt_exec_free(x);
	look_again(a);
}
