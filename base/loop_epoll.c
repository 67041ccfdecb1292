/*
 * The epoll back end: the same operations where io_uring is refused.
 *
 * An op is tried at once; what cannot proceed is parked at its descriptor's watch, and tried again
 * on each event. Descriptors are registered edge-triggered, once each, for the union of what their
 * parked ops wait for; parking always calls EPOLL_CTL_MOD (or ADD), which also reports readiness
 * that is already there, so no edge is missed. When the last op leaves, the registration goes too:
 * the descriptor may be closed right after. Whatever completes at once is still delivered from
 * dispatch.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/loop_backend.h"
#include "base/time.h"

#define EVENTS_PER_ROUND 64

struct watch {
	struct sp_list ops;
};

struct reactor {
	int epoll;
	struct watch **watches; /* by fd; NULL where none was needed yet */
	size_t n_watches;
};

static struct watch *watch_of(struct reactor *r, int fd)
{
	if ((size_t)fd >= r->n_watches) {
		size_t n = (size_t)fd + 1 + r->n_watches / 2;
		struct watch **grown = reallocarray(r->watches, n, sizeof(struct watch *));

		if (!grown)
			return NULL;
		for (size_t i = r->n_watches; i < n; i++)
			grown[i] = NULL;
		r->watches = grown;
		r->n_watches = n;
	}
	if (!r->watches[fd]) {
		r->watches[fd] = malloc(sizeof(struct watch));
		if (r->watches[fd])
			sp_list_init(&r->watches[fd]->ops);
	}
	return r->watches[fd];
}

static int arm(struct reactor *r, int fd, struct watch *w)
{
	struct epoll_event event = { .events = EPOLLET, .data.fd = fd };
	struct sp_list *ops = &w->ops;
	struct sp_op *op;

	SP_LIST_EACH (ops, op, link) {
		event.events |= op->mask;
	}
	if (epoll_ctl(r->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	if (errno != ENOENT || epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	return 0;
}

static void leave(struct reactor *r, struct sp_op *op)
{
	sp_list_remove(&op->link);
	if (sp_list_empty(&r->watches[op->fd]->ops))
		epoll_ctl(r->epoll, EPOLL_CTL_DEL, op->fd, NULL);
}

static ssize_t do_read(const struct sp_op *op)
{
	return op->off < 0 ? read(op->fd, op->buf, op->len)
			   : pread(op->fd, op->buf, op->len, op->off);
}

static ssize_t do_write(const struct sp_op *op)
{
	return op->off < 0 ? write(op->fd, op->buf, op->len)
			   : pwrite(op->fd, op->buf, op->len, op->off);
}

/* The first call starts connecting and says EINPROGRESS; after the event the socket knows how it
 * went. */
static ssize_t do_connect(struct sp_op *op)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (!(op->flags & SP_OP_POLLING)) {
		op->flags |= SP_OP_POLLING;
		return connect(op->fd, op->buf, (socklen_t)op->len);
	}
	if (getsockopt(op->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -1;
	errno = error;
	return error ? -1 : 0;
}

/* One attempt that does not block: the op's result, or -EAGAIN to wait. */
static int attempt(struct sp_op *op)
{
	ssize_t n = 0;

	do {
		switch ((enum sp_op_kind)op->kind) {
		case SP_OP_READ:
			n = do_read(op);
			break;
		case SP_OP_WRITE:
			n = do_write(op);
			break;
		case SP_OP_ACCEPT:
			n = accept4(op->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
			break;
		case SP_OP_CONNECT:
			n = do_connect(op);
			break;
		case SP_OP_FSYNC:
			n = fsync(op->fd);
			break;
		case SP_OP_POLL:
		case SP_OP_POLL_MANY:
			return -EAGAIN;
		}
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return op->kind == SP_OP_CONNECT && errno == EINPROGRESS ? -EAGAIN : -errno;
	return (int)n;
}

/* What may block has O_NONBLOCK from its first op on, or a short readiness could stall the loop. */
static int make_nonblocking(const struct sp_op *op)
{
	int flags;

	if (op->kind == SP_OP_POLL || op->kind == SP_OP_POLL_MANY || op->kind == SP_OP_FSYNC)
		return 0;
	flags = fcntl(op->fd, F_GETFL);
	if (flags < 0)
		return -errno;
	if (!(flags & O_NONBLOCK) && fcntl(op->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

/* Watch op's descriptor for it. One that cannot be watched (a regular file) is always ready. */
static int park(struct reactor *r, struct sp_op *op)
{
	bool polls = op->kind == SP_OP_POLL || op->kind == SP_OP_POLL_MANY;
	struct watch *w;
	int error;

	if (op->fd < 0)
		return -EBADF;
	w = watch_of(r, op->fd);
	if (!w)
		return -ENOMEM;
	op->state = SP_OP_LIVE;
	sp_list_append(&w->ops, &op->link);
	error = arm(r, op->fd, w);
	if (error < 0)
		leave(r, op);
	if (error == -EPERM && polls)
		return (int)(op->mask & (EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM));
	return error;
}

/* An accept parks without a first try: all its connections come through events. */
static void epoll_start(struct sp_loop *loop, struct sp_op *op)
{
	int res = make_nonblocking(op);

	if (res == 0)
		res = op->kind == SP_OP_ACCEPT ? -EAGAIN : attempt(op);
	if (res == -EAGAIN)
		res = park(loop->impl, op);
	if (op->state != SP_OP_LIVE || res != 0)
		sp_loop_finish(loop, op, res);
}

static void epoll_cancel(struct sp_loop *loop, struct sp_op *op)
{
	leave(loop->impl, op);
	sp_loop_finish(loop, op, -ECANCELED);
}

/* One op's completions; returns how many were put out. Sets *again when room ran out before EAGAIN.
 */
static unsigned int progress_op(struct reactor *r, struct sp_op *op, uint32_t events,
				struct sp_completion *out, unsigned int room, bool *again)
{
	unsigned int n = 0;
	uint32_t hits = events & (op->mask | EPOLLERR | EPOLLHUP);
	bool more;
	int res;

	do {
		if (!hits)
			return n;
		if (n == room) {
			*again = true;
			return n;
		}
		res = op->kind == SP_OP_POLL || op->kind == SP_OP_POLL_MANY ? (int)hits
									    : attempt(op);
		if (res == -EAGAIN)
			return n;
		more = res >= 0 && (op->kind == SP_OP_ACCEPT || op->kind == SP_OP_POLL_MANY);
		if (!more)
			leave(r, op);
		out[n++] = sp_loop_copy_out(op, res, more);
	} while (more && op->kind == SP_OP_ACCEPT);
	return n;
}

static unsigned int progress_fd(struct reactor *r, const struct epoll_event *event,
				struct sp_completion *out, unsigned int room)
{
	struct watch *w = r->watches[event->data.fd];
	struct sp_list *ops = &w->ops;
	struct sp_op *op;
	unsigned int n = 0;
	bool again = false;

	SP_LIST_EACH (ops, op, link) {
		n += progress_op(r, op, event->events, out + n, room - n, &again);
	}
	if (again) /* have the same edge reported in the next round */
		arm(r, event->data.fd, w);
	return n;
}

static int wait_ms(int64_t wait_ns) /* rounded up: a timer is never early */
{
	int64_t ms = (wait_ns + SP_NS_PER_MS - 1) / SP_NS_PER_MS;

	if (wait_ns < 0)
		return -1;
	return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

static int epoll_collect(struct sp_loop *loop, int64_t wait_ns, struct sp_completion *out,
			 unsigned int room)
{
	struct reactor *r = loop->impl;
	struct epoll_event events[EVENTS_PER_ROUND];
	int n_events = epoll_wait(r->epoll, events, EVENTS_PER_ROUND, wait_ms(wait_ns));
	unsigned int n = 0;

	if (n_events < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n_events; i++)
		n += progress_fd(r, &events[i], out + n, room - n);
	return (int)n;
}

static int epoll_open(struct sp_loop *loop, struct sp_err *err)
{
	struct reactor *r = calloc(1, sizeof(*r));

	if (!r)
		return sp_fail_nomem(err);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll < 0) {
		free(r);
		return sp_fail_errno(err, errno, "epoll_create1");
	}
	loop->impl = r;
	return 0;
}

static void epoll_close(struct sp_loop *loop)
{
	struct reactor *r = loop->impl;

	for (size_t i = 0; i < r->n_watches; i++) {
		while (r->watches[i] && !sp_list_empty(&r->watches[i]->ops)) {
			struct sp_op *op =
				sp_container_of(r->watches[i]->ops.next, struct sp_op, link);

			sp_list_remove(&op->link);
			op->state = SP_OP_IDLE;
		}
		free(r->watches[i]);
	}
	sp_close(&r->epoll);
	free(r->watches);
	free(r);
}

const struct sp_loop_ops sp_loop_epoll = {
	.name = "epoll",
	.open = epoll_open,
	.close = epoll_close,
	.start = epoll_start,
	.cancel = epoll_cancel,
	.collect = epoll_collect,
};
