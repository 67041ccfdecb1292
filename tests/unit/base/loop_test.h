/*
 * Tests of the completion loop: each runs on io_uring, on io_uring playing a kernel without
 * multishot requests, and on epoll.
 */
#pragma once

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/loop.h"
#include "base/time.h"

#define ROUNDS_MAX 20000 /* a test that needs more hangs */

static inline void with_loop(enum sp_loop_backend want, void (*body)(struct sp_loop *loop))
{
	struct sp_loop *loop = NULL;
	struct sp_err err = { 0 };
	int r = sp_loop_new(want, &loop, &err);

	if (r < 0 && want == SP_LOOP_URING)
		cr_skip_test("io_uring is refused here: %s", err.message);
	cr_assert(r == 0, "%s", err.message);
	body(loop);
	sp_loop_free(loop);
}

#define LOOP_TEST(name)                                \
	static void name(struct sp_loop *loop);        \
	Test(loop_uring, name)                         \
	{                                              \
		with_loop(SP_LOOP_URING, name);        \
	}                                              \
	Test(loop_oneshot, name)                       \
	{                                              \
		setenv("SP_LOOP", "uring-oneshot", 1); \
		with_loop(SP_LOOP_URING, name);        \
	}                                              \
	Test(loop_epoll, name)                         \
	{                                              \
		with_loop(SP_LOOP_EPOLL, name);        \
	}                                              \
	static void name(struct sp_loop *loop)

/* An op that remembers what its callback was told. */
struct probe {
	struct sp_op op;
	int calls, res;
	bool more, last;
};

static inline void record(struct sp_op *op, int res, bool more)
{
	struct probe *p = op->owner;

	p->calls++;
	p->res = res;
	p->more = more;
	p->last = !more;
}

static inline void probe_init(struct probe *p)
{
	*p = (struct probe){ .op = { .fn = record, .owner = p } };
}

static inline void run_until(struct sp_loop *loop, const bool *flag)
{
	for (int i = 0; !*flag; i++) {
		cr_assert_lt(i, ROUNDS_MAX, "the loop never came to an end");
		cr_assert_eq(sp_loop_run_once(loop, SP_NS_PER_S, NULL), 0);
	}
}

static inline void run_rounds(struct sp_loop *loop, int n)
{
	while (n--)
		cr_assert_eq(sp_loop_run_once(loop, 0, NULL), 0);
}

static inline void make_pipe(int fds[2])
{
	cr_assert_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
}

static inline void close_pipe(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}
