/*
 * The completion loop: one thread, operations in, completions out. io_uring where the kernel grants
 * it, epoll with the same operations and the same tests where it does not (SP_LOOP=epoll in the
 * environment forces it).
 *
 * An operation is a struct the caller embeds and owns; from sp_op_* until its callback has run with
 * `more` false (or, after sp_op_cancel(), with -ECANCELED) the op and its buffer belong to the loop
 * and must not move or be freed. Completions are copied out first and then dispatched: callbacks
 * run only from sp_loop_run*(), never from inside a submission, and may submit, cancel and free
 * (their own finished) ops at will. user_data is always a pointer to the op.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/list.h"

struct sp_loop;
struct sp_op;

/* res: bytes, an accepted fd, a poll mask, 0, or -errno. more: a multishot op stays armed. */
typedef void (*sp_op_fn)(struct sp_op *op, int res, bool more);

/* Internals of an op, private to the loop; zero it before its first use. */
struct sp_op {
	sp_op_fn fn;
	void *owner; /* for the caller */
	struct sp_loop *loop;
	struct sp_list link;
	uint8_t kind, state, flags;
	int fd;
	void *buf;
	uint64_t len;
	int64_t off;
	uint32_t mask;
	int res;
};

struct sp_timer;
typedef void (*sp_timer_fn)(struct sp_timer *t);

struct sp_timer {
	sp_timer_fn fn;
	void *owner;
	int64_t due_ns; /* CLOCK_MONOTONIC; 0 while not armed */
	uint32_t slot;  /* place in the loop's heap */
	uint64_t order; /* of arming: among equals the first armed runs first */
	struct sp_loop *loop;
};

enum sp_loop_backend { SP_LOOP_ANY, SP_LOOP_URING, SP_LOOP_EPOLL };

int sp_loop_new(enum sp_loop_backend want, struct sp_loop **ret, struct sp_err *err);
void sp_loop_free(struct sp_loop *loop); /* cancels what is in flight and waits for it; callbacks do
					    not run; takes NULL */
const char *sp_loop_backend_name(const struct sp_loop *loop); /* "io_uring" or "epoll" */

/* Run until sp_loop_stop(). */
int sp_loop_run(struct sp_loop *loop, struct sp_err *err);
/* One round: submit, wait at most max_wait_ns (negative: until something happens, 0: not at all),
 * dispatch. */
int sp_loop_run_once(struct sp_loop *loop, int64_t max_wait_ns, struct sp_err *err);
void sp_loop_stop(struct sp_loop *loop);
int64_t sp_loop_now_ns(const struct sp_loop *loop); /* CLOCK_MONOTONIC as of this round */

/*
 * Operations. fn and owner are set by the caller before; a submission never fails (what cannot
 * start completes with -errno). Reads, writes and accepts wait until they can make progress, also
 * on O_NONBLOCK descriptors; the epoll back end sets that flag on the ones it has to wait for. A
 * descriptor is closed only when none of its ops is busy. SIGPIPE is ignored from sp_loop_new() on.
 */
void sp_op_read(struct sp_loop *loop, struct sp_op *op, int fd, void *buf, size_t len,
		int64_t off); /* off -1: the file's own position */
void sp_op_write(struct sp_loop *loop, struct sp_op *op, int fd, const void *buf, size_t len,
		 int64_t off);
void sp_op_accept(struct sp_loop *loop, struct sp_op *op,
		  int fd); /* multishot; fds are O_CLOEXEC | O_NONBLOCK */
void sp_op_connect(struct sp_loop *loop, struct sp_op *op, int fd, const struct sockaddr *addr,
		   socklen_t len); /* addr is a buffer of the op: it stays until the callback */
void sp_op_poll(struct sp_loop *loop, struct sp_op *op, int fd,
		uint32_t mask); /* one shot; EPOLL* bits */
void sp_op_poll_many(struct sp_loop *loop, struct sp_op *op, int fd,
		     uint32_t mask); /* multishot, edge-triggered: drain on each */
void sp_op_fsync(struct sp_loop *loop, struct sp_op *op, int fd);
/* Ask for op to end; its callback runs with -ECANCELED, or with its result if that came first. Idle
 * op: no effect. */
void sp_op_cancel(struct sp_op *op);
bool sp_op_busy(const struct sp_op *op);

/* Timers: a heap in the loop, so that arming and cancelling are cheap and never fail after
 * sp_loop_new (the heap grows on arm; -ENOMEM only there). */
int sp_timer_arm(struct sp_loop *loop, struct sp_timer *t, int64_t due_ns); /* re-arming moves it */
int sp_timer_arm_in(struct sp_loop *loop, struct sp_timer *t, int64_t delay_ns);
void sp_timer_cancel(struct sp_timer *t); /* safe on an idle timer */

/* Signals through a signalfd: blocks sig in the process; fn is called from dispatch with the
 * signal's number. */
int sp_loop_on_signal(struct sp_loop *loop, int sig, void (*fn)(int sig, void *owner), void *owner,
		      struct sp_err *err);
