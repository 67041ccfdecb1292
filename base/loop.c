/* The completion loop's front: operations, rounds and dispatch; see loop.h. */
#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop_backend.h"
#include "base/str.h"
#include "base/time.h"

void sp_loop_finish(struct sp_loop *loop, struct sp_op *op, int res)
{
	op->res = res;
	op->state = SP_OP_READY;
	sp_list_append(&loop->ready, &op->link);
}

struct sp_completion sp_loop_copy_out(struct sp_op *op, int res, bool more)
{
	if (!more) {
		sp_list_remove(&op->link);
		op->state = SP_OP_QUEUED;
	}
	return (struct sp_completion){ .op = op, .res = res, .more = more };
}

void sp_loop_drop_result(const struct sp_op *op, int res)
{
	if (op->kind == SP_OP_ACCEPT && res >= 0)
		close(res);
}

/* A write to a pipe or socket whose reader is gone is that op's -EPIPE, never the process's death.
 */
static int ignore_sigpipe(struct sp_err *err)
{
	struct sigaction act = { .sa_handler = SIG_IGN };

	if (sigaction(SIGPIPE, &act, NULL) < 0)
		return sp_fail_errno(err, errno, "sigaction SIGPIPE");
	return 0;
}

static int open_backend(struct sp_loop *loop, enum sp_loop_backend want, struct sp_err *err)
{
	const char *forced = getenv("SP_LOOP");

	if (want == SP_LOOP_ANY && sp_str_eq(forced, "epoll"))
		want = SP_LOOP_EPOLL;
	if (want != SP_LOOP_EPOLL) {
		int r;

		loop->ops = &sp_loop_uring;
		r = loop->ops->open(loop, err);
		if (r == 0 || want == SP_LOOP_URING)
			return r;
	}
	loop->ops = &sp_loop_epoll;
	return loop->ops->open(loop, err);
}

int sp_loop_new(enum sp_loop_backend want, struct sp_loop **ret, struct sp_err *err)
{
	struct sp_loop *loop = calloc(1, sizeof(*loop));
	int r;

	if (!loop)
		return sp_fail_nomem(err);
	sp_list_init(&loop->ready);
	loop->now_ns = sp_time_mono_ns();
	r = ignore_sigpipe(err);
	if (r == 0)
		r = open_backend(loop, want, err);
	if (r < 0) {
		free(loop);
		return r;
	}
	*ret = loop;
	return 0;
}

void sp_loop_free(struct sp_loop *loop)
{
	struct sp_op *op;
	struct sp_list *ready;

	if (!loop)
		return;
	assert(!loop->dispatching);
	loop->ops->close(loop);
	ready = &loop->ready;
	SP_LIST_EACH (ready, op, link) {
		sp_loop_drop_result(op, op->res);
		op->state = SP_OP_IDLE;
	}
	sp_loop_signals_free(loop);
	for (uint32_t i = 0; i < loop->n_timers; i++) {
		loop->heap[i]->due_ns = 0;
		loop->heap[i]->loop = NULL;
	}
	free(loop->heap);
	free(loop);
}

const char *sp_loop_backend_name(const struct sp_loop *loop)
{
	return loop->ops->name;
}

/* After the callback the op may be freed: nothing of it is touched then. */
static void deliver(struct sp_op *op, int res, bool more)
{
	if (!more)
		op->state = SP_OP_IDLE;
	op->fn(op, res, more);
}

/* What callbacks add to the list meanwhile waits for the next round, so that no op starves the
 * rest. */
static void dispatch_ready(struct sp_loop *loop, struct sp_op *last)
{
	while (last && !sp_list_empty(&loop->ready)) {
		struct sp_op *op = sp_container_of(loop->ready.next, struct sp_op, link);
		bool end = op == last;

		sp_list_remove(&op->link);
		deliver(op, op->res, false);
		if (end)
			return;
	}
}

static struct sp_op *last_ready(const struct sp_loop *loop)
{
	if (sp_list_empty(&loop->ready))
		return NULL;
	return sp_container_of(loop->ready.prev, struct sp_op, link);
}

static int64_t shorter_wait(int64_t a, int64_t b) /* negative is without bound */
{
	if (a < 0)
		return b;
	return b >= 0 && b < a ? b : a;
}

int sp_loop_run_once(struct sp_loop *loop, int64_t max_wait_ns, struct sp_err *err)
{
	struct sp_completion batch[SP_LOOP_BATCH];
	struct sp_op *last;
	int n;

	assert(!loop->dispatching);
	loop->now_ns = sp_time_mono_ns();
	max_wait_ns = shorter_wait(max_wait_ns, sp_loop_timer_wait(loop));
	if (!sp_list_empty(&loop->ready))
		max_wait_ns = 0;
	n = loop->ops->collect(loop, max_wait_ns, batch, SP_LOOP_BATCH);
	if (n < 0)
		return sp_fail_errno(err, -n, "%s wait", loop->ops->name);
	loop->now_ns = sp_time_mono_ns();
	last = last_ready(loop);
	loop->dispatching = true;
	dispatch_ready(loop, last);
	for (int i = 0; i < n; i++)
		deliver(batch[i].op, batch[i].res, batch[i].more);
	sp_loop_run_timers(loop);
	loop->dispatching = false;
	return 0;
}

int sp_loop_run(struct sp_loop *loop, struct sp_err *err)
{
	int r = 0;

	while (r == 0 && !loop->stopped)
		r = sp_loop_run_once(loop, -1, err);
	loop->stopped = false;
	return r;
}

void sp_loop_stop(struct sp_loop *loop)
{
	loop->stopped = true;
}

int64_t sp_loop_now_ns(const struct sp_loop *loop)
{
	return loop->now_ns;
}

static void start(struct sp_loop *loop, struct sp_op *op, enum sp_op_kind kind, int fd)
{
	assert(op->fn);
	assert(op->state == SP_OP_IDLE);
	op->loop = loop;
	op->kind = (uint8_t)kind;
	op->flags = 0;
	op->fd = fd;
	sp_list_init(&op->link);
	loop->ops->start(loop, op);
}

static void set_buffer(struct sp_op *op, void *buf, size_t len, int64_t off)
{
	op->buf = buf;
	op->len = len < SP_LOOP_IO_MAX ? len : SP_LOOP_IO_MAX;
	op->off = off;
}

void sp_op_read(struct sp_loop *loop, struct sp_op *op, int fd, void *buf, size_t len, int64_t off)
{
	set_buffer(op, buf, len, off);
	op->mask = EPOLLIN;
	start(loop, op, SP_OP_READ, fd);
}

void sp_op_write(struct sp_loop *loop, struct sp_op *op, int fd, const void *buf, size_t len,
		 int64_t off)
{
	set_buffer(op, (void *)buf, len, off);
	op->mask = EPOLLOUT;
	start(loop, op, SP_OP_WRITE, fd);
}

void sp_op_accept(struct sp_loop *loop, struct sp_op *op, int fd)
{
	op->mask = EPOLLIN;
	start(loop, op, SP_OP_ACCEPT, fd);
}

void sp_op_connect(struct sp_loop *loop, struct sp_op *op, int fd, const struct sockaddr *addr,
		   socklen_t len)
{
	set_buffer(op, (void *)addr, len, 0);
	op->mask = EPOLLOUT;
	start(loop, op, SP_OP_CONNECT, fd);
}

void sp_op_poll(struct sp_loop *loop, struct sp_op *op, int fd, uint32_t mask)
{
	op->mask = mask;
	start(loop, op, SP_OP_POLL, fd);
}

void sp_op_poll_many(struct sp_loop *loop, struct sp_op *op, int fd, uint32_t mask)
{
	op->mask = mask;
	start(loop, op, SP_OP_POLL_MANY, fd);
}

void sp_op_fsync(struct sp_loop *loop, struct sp_op *op, int fd)
{
	start(loop, op, SP_OP_FSYNC, fd);
}

void sp_op_cancel(struct sp_op *op)
{
	if (op->state != SP_OP_LIVE && op->state != SP_OP_WAITING)
		return;
	if (op->flags & SP_OP_CANCELLED)
		return;
	op->flags |= SP_OP_CANCELLED;
	op->loop->ops->cancel(op->loop, op);
}

bool sp_op_busy(const struct sp_op *op)
{
	return op->state != SP_OP_IDLE;
}
