/*
 * Inside the loop: what its front (loop.c, loop_timer.c, loop_signal.c) and its two back ends
 * share. Nobody else includes this.
 *
 * An op's link is in exactly one list while the op is busy: one of the back end's (LIVE, WAITING),
 * or the front's list of results that were known at once (READY); in none once its final completion
 * has been copied out (QUEUED) or when it is IDLE.
 */
#pragma once

#include "base/loop.h"

#define SP_LOOP_BATCH      256         /* completions copied out in one round */
#define SP_LOOP_IO_MAX     0x7ffff000u /* bytes of one read or write, the kernel's own cap */
#define SP_LOOP_SIGNAL_MAX 64

enum sp_op_kind {
	SP_OP_READ,
	SP_OP_WRITE,
	SP_OP_ACCEPT,
	SP_OP_CONNECT,
	SP_OP_POLL,
	SP_OP_POLL_MANY,
	SP_OP_FSYNC
};

enum sp_op_state {
	SP_OP_IDLE,
	SP_OP_LIVE,    /* the kernel has it, or epoll watches its fd */
	SP_OP_WAITING, /* to be submitted in the next round */
	SP_OP_READY,   /* result known at once, dispatched in the next round */
	SP_OP_QUEUED   /* final completion copied out, callback to come in this round */
};

/* Bits of an op's flags. */
#define SP_OP_CANCELLED     1u /* sp_op_cancel() was called */
#define SP_OP_CANCEL_UNSENT 2u /* and the request has not reached the kernel yet */
#define SP_OP_POLLING       4u /* a read or write that waits for readiness first */

struct sp_completion {
	struct sp_op *op;
	int res;
	bool more;
};

struct sp_loop_ops {
	const char *name;
	int (*open)(struct sp_loop *loop, struct sp_err *err); /* 0 or -errno */
	void (*close)(struct sp_loop *loop); /* ends every op without a callback */
	void (*start)(struct sp_loop *loop, struct sp_op *op);
	void (*cancel)(struct sp_loop *loop, struct sp_op *op); /* op is LIVE or WAITING */
	/* Submit, wait at most wait_ns (negative: no bound), copy out completions. Returns their
	 * count or -errno. */
	int (*collect)(struct sp_loop *loop, int64_t wait_ns, struct sp_completion *out,
		       unsigned int room);
};

struct sp_loop {
	const struct sp_loop_ops *ops;
	void *impl;           /* the back end's own */
	struct sp_list ready; /* ops in state READY */
	struct sp_timer **heap;
	uint32_t n_timers, heap_room;
	uint64_t timer_order;
	int64_t now_ns;
	bool stopped, dispatching;
	struct sp_loop_signals *signals; /* NULL until the first sp_loop_on_signal() */
};

extern const struct sp_loop_ops sp_loop_uring, sp_loop_epoll;

/* For back ends: op is over with res; its callback runs in the next round. */
void sp_loop_finish(struct sp_loop *loop, struct sp_op *op, int res);
/* For back ends: one copied-out completion; more false makes the op QUEUED. */
struct sp_completion sp_loop_copy_out(struct sp_op *op, int res, bool more);
/* An undelivered result that owns something (an accepted fd) is released. */
void sp_loop_drop_result(const struct sp_op *op, int res);

int64_t sp_loop_timer_wait(const struct sp_loop *loop); /* ns to the next timer; -1 if none */
void sp_loop_run_timers(struct sp_loop *loop);
void sp_loop_signals_free(struct sp_loop *loop);
