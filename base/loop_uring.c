/*
 * The io_uring back end. user_data is the op; 0 marks requests of our own (cancels), whose
 * completions mean nothing.
 *
 * An op is in `live` while the kernel has it, or in `waiting` when it is to be submitted in the
 * next round: because the submission queue was full, or because the kernel ended a multishot
 * request on its own (overflow of the completion queue, or a kernel that knows only single shots).
 * Submitting it then, after the callbacks have drained its descriptor, is what keeps single shots
 * equal to edge-triggered ones. A read or write that the kernel answers with -EAGAIN (older kernels
 * do, for O_NONBLOCK) goes by way of a poll.
 *
 * What is newer than Linux 5.13 is probed: multishot accept (5.19), DEFER_TASKRUN (6.1).
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "base/loop_backend.h"
#include "base/str.h"
#include "base/time.h"

#define SQ_ENTRIES 256
#define CQ_ENTRIES 4096

struct uring {
	struct io_uring ring;
	struct sp_list live, waiting;
	uint32_t cancels_unsent;
	bool multishot_poll, multishot_accept;
};

/* A slot of the submission queue; a full queue is submitted first. NULL when even that gives none.
 */
static struct io_uring_sqe *get_sqe(struct uring *u)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

	if (!sqe) {
		io_uring_submit(&u->ring);
		sqe = io_uring_get_sqe(&u->ring);
	}
	return sqe;
}

static void prepare_poll(struct uring *u, struct io_uring_sqe *sqe, const struct sp_op *op)
{
	bool many = op->kind == SP_OP_POLL_MANY && u->multishot_poll;
	unsigned int mask = op->mask & ~(unsigned int)(EPOLLET | EPOLLONESHOT);

	if (many)
		io_uring_prep_poll_multishot(sqe, op->fd, mask);
	else
		io_uring_prep_poll_add(sqe, op->fd, mask);
}

static void prepare_accept(struct uring *u, struct io_uring_sqe *sqe, const struct sp_op *op)
{
	int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;

	if (u->multishot_accept)
		io_uring_prep_multishot_accept(sqe, op->fd, NULL, NULL, flags);
	else
		io_uring_prep_accept(sqe, op->fd, NULL, NULL, flags);
}

static void prepare(struct uring *u, struct io_uring_sqe *sqe, const struct sp_op *op)
{
	if (op->flags & SP_OP_POLLING) {
		io_uring_prep_poll_add(sqe, op->fd, op->mask);
		return;
	}
	switch ((enum sp_op_kind)op->kind) {
	case SP_OP_READ:
		io_uring_prep_read(sqe, op->fd, op->buf, (unsigned int)op->len, (uint64_t)op->off);
		break;
	case SP_OP_WRITE:
		io_uring_prep_write(sqe, op->fd, op->buf, (unsigned int)op->len, (uint64_t)op->off);
		break;
	case SP_OP_ACCEPT:
		prepare_accept(u, sqe, op);
		break;
	case SP_OP_CONNECT:
		io_uring_prep_connect(sqe, op->fd, op->buf, (socklen_t)op->len);
		break;
	case SP_OP_POLL:
	case SP_OP_POLL_MANY:
		prepare_poll(u, sqe, op);
		break;
	case SP_OP_FSYNC:
		io_uring_prep_fsync(sqe, op->fd, 0);
		break;
	}
}

static void submit(struct uring *u, struct sp_op *op)
{
	struct io_uring_sqe *sqe = get_sqe(u);

	sp_list_remove(&op->link);
	if (!sqe) {
		op->state = SP_OP_WAITING;
		sp_list_append(&u->waiting, &op->link);
		return;
	}
	prepare(u, sqe, op);
	io_uring_sqe_set_data(sqe, op);
	op->state = SP_OP_LIVE;
	sp_list_append(&u->live, &op->link);
}

static void uring_start(struct sp_loop *loop, struct sp_op *op)
{
	submit(loop->impl, op);
}

static bool send_cancel(struct uring *u, struct sp_op *op)
{
	struct io_uring_sqe *sqe = get_sqe(u);

	if (!sqe)
		return false;
	io_uring_prep_cancel(sqe, op, 0);
	io_uring_sqe_set_data(sqe, NULL);
	return true;
}

static void uring_cancel(struct sp_loop *loop, struct sp_op *op)
{
	struct uring *u = loop->impl;

	if (op->state == SP_OP_WAITING) {
		sp_list_remove(&op->link);
		sp_loop_finish(loop, op, -ECANCELED);
	} else if (!send_cancel(u, op)) {
		op->flags |= SP_OP_CANCEL_UNSENT;
		u->cancels_unsent++;
	}
}

static void forget_unsent_cancel(struct uring *u, struct sp_op *op)
{
	if (op->flags & SP_OP_CANCEL_UNSENT) {
		op->flags &= (uint8_t)~SP_OP_CANCEL_UNSENT;
		u->cancels_unsent--;
	}
}

/* Submit what had to wait. What still finds no room is appended again behind `last` and waits on.
 */
static void submit_waiting(struct uring *u)
{
	struct sp_op *op;
	struct sp_list *live = &u->live;
	struct sp_list end;

	if (u->cancels_unsent)
		SP_LIST_EACH (live, op, link) {
			if ((op->flags & SP_OP_CANCEL_UNSENT) && send_cancel(u, op))
				forget_unsent_cancel(u, op);
		}
	if (sp_list_empty(&u->waiting))
		return;
	sp_list_insert_before(&u->waiting, &end);
	while (u->waiting.next != &end)
		submit(u, sp_container_of(u->waiting.next, struct sp_op, link));
	sp_list_remove(&end);
}

static int submit_and_wait(struct uring *u, int64_t wait_ns)
{
	struct io_uring_cqe *cqe;

	if (io_uring_cq_ready(&u->ring) || !sp_list_empty(&u->waiting) || u->cancels_unsent)
		wait_ns = 0;
	if (wait_ns == 0)
		return io_uring_submit_and_get_events(&u->ring);
	if (wait_ns < 0)
		return io_uring_submit_and_wait(&u->ring, 1);
	return io_uring_submit_and_wait_timeout(
		&u->ring, &cqe, 1,
		&(struct __kernel_timespec){ .tv_sec = wait_ns / SP_NS_PER_S,
					     .tv_nsec = wait_ns % SP_NS_PER_S },
		NULL);
}

static bool is_multishot(const struct sp_op *op)
{
	return op->kind == SP_OP_ACCEPT || op->kind == SP_OP_POLL_MANY;
}

static void submit_later(struct uring *u, struct sp_op *op)
{
	sp_list_remove(&op->link);
	op->state = SP_OP_WAITING;
	sp_list_append(&u->waiting, &op->link);
}

/* Take one completion; true when *out holds something for a callback. */
static bool absorb(struct uring *u, struct sp_op *op, int res, bool more, struct sp_completion *out)
{
	bool cancelled = op->flags & SP_OP_CANCELLED;

	if (more) {
		*out = sp_loop_copy_out(op, res, true);
		return true;
	}
	forget_unsent_cancel(u, op);
	if ((op->flags & SP_OP_POLLING) && res >= 0 && !cancelled) {
		op->flags &= (uint8_t)~SP_OP_POLLING;
		submit_later(u, op);
		return false;
	}
	if (res == -EAGAIN && (op->kind == SP_OP_READ || op->kind == SP_OP_WRITE) && !cancelled) {
		op->flags |= SP_OP_POLLING;
		submit_later(u, op);
		return false;
	}
	if (res >= 0 && is_multishot(op) && !cancelled) {
		submit_later(u, op);
		*out = sp_loop_copy_out(op, res, true);
		return true;
	}
	if ((op->flags & SP_OP_POLLING) && res >= 0)
		res = -ECANCELED;
	*out = sp_loop_copy_out(op, res, false);
	return true;
}

static int reap(struct uring *u, struct sp_completion *out, unsigned int room)
{
	struct io_uring_cqe *cqes[SP_LOOP_BATCH];
	unsigned int seen = io_uring_peek_batch_cqe(&u->ring, cqes, room);
	int n = 0;

	for (unsigned int i = 0; i < seen; i++) {
		struct sp_op *op = io_uring_cqe_get_data(cqes[i]);
		bool more = cqes[i]->flags & IORING_CQE_F_MORE;

		if (op && absorb(u, op, cqes[i]->res, more, &out[n]))
			n++;
	}
	io_uring_cq_advance(&u->ring, seen);
	return n;
}

/* -EBUSY and -EAGAIN mean that completions must be reaped first; -EINTR and -ETIME that none came.
 */
static bool is_passing(int r)
{
	return r >= 0 || r == -EBUSY || r == -EAGAIN || r == -EINTR || r == -ETIME;
}

static int uring_collect(struct sp_loop *loop, int64_t wait_ns, struct sp_completion *out,
			 unsigned int room)
{
	struct uring *u = loop->impl;
	int r;

	submit_waiting(u);
	r = submit_and_wait(u, wait_ns);
	if (!is_passing(r))
		return r;
	return reap(u, out, room < SP_LOOP_BATCH ? room : SP_LOOP_BATCH);
}

static int init_ring(struct io_uring *ring)
{
	static const unsigned int wishes[] = {
		IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN,
		0,
	};
	int r = -EINVAL;

	for (size_t i = 0; i < SP_COUNT(wishes) && r == -EINVAL; i++) {
		struct io_uring_params p = { .flags = wishes[i] | IORING_SETUP_CLAMP |
						      IORING_SETUP_CQSIZE,
					     .cq_entries = CQ_ENTRIES };

		r = io_uring_queue_init_params(SQ_ENTRIES, ring, &p);
	}
	return r;
}

/* SP_LOOP=uring-oneshot plays an older kernel, for the tests. */
static void probe_features(struct uring *u)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&u->ring);
	bool allowed = !sp_str_eq(getenv("SP_LOOP"), "uring-oneshot");

	u->multishot_poll = allowed && (u->ring.features & IORING_FEAT_RSRC_TAGS);
	u->multishot_accept =
		allowed && probe && io_uring_opcode_supported(probe, IORING_OP_SOCKET);
	io_uring_free_probe(probe);
}

static int uring_open(struct sp_loop *loop, struct sp_err *err)
{
	struct uring *u = calloc(1, sizeof(*u));
	const unsigned int need = IORING_FEAT_NODROP | IORING_FEAT_RW_CUR_POS | IORING_FEAT_EXT_ARG;
	int r;

	if (!u)
		return sp_fail_nomem(err);
	r = init_ring(&u->ring);
	if (r < 0) {
		free(u);
		return sp_fail_errno(err, -r, "io_uring_setup");
	}
	if ((u->ring.features & need) != need) {
		io_uring_queue_exit(&u->ring);
		free(u);
		return sp_fail(err, SP_E_UNSUPPORTED, "io_uring of this kernel is too old");
	}
	sp_list_init(&u->live);
	sp_list_init(&u->waiting);
	probe_features(u);
	loop->impl = u;
	return 0;
}

/* The kernel owns the buffers of what is in flight, so closing means waiting for all of it. */
static void uring_close(struct sp_loop *loop)
{
	struct uring *u = loop->impl;
	struct sp_completion batch[SP_LOOP_BATCH];
	struct sp_list *live = &u->live;
	struct sp_op *op;

	while (!sp_list_empty(&u->waiting)) {
		op = sp_container_of(u->waiting.next, struct sp_op, link);
		sp_list_remove(&op->link);
		op->state = SP_OP_IDLE;
	}
	SP_LIST_EACH (live, op, link) {
		sp_op_cancel(op);
	}
	while (!sp_list_empty(&u->live)) {
		int n = uring_collect(loop, -1, batch, SP_LOOP_BATCH);

		for (int i = 0; i < n; i++) {
			sp_loop_drop_result(batch[i].op, batch[i].res);
			if (!batch[i].more)
				batch[i].op->state = SP_OP_IDLE;
		}
		if (n < 0)
			break;
	}
	io_uring_queue_exit(&u->ring);
	free(u);
}

const struct sp_loop_ops sp_loop_uring = {
	.name = "io_uring",
	.open = uring_open,
	.close = uring_close,
	.start = uring_start,
	.cancel = uring_cancel,
	.collect = uring_collect,
};
