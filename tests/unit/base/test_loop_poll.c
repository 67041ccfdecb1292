/* The loop: readiness, once and by edges. */
#include "base/loop.h"

#include <sys/epoll.h>

#include "tests/unit/base/loop_test.h"

LOOP_TEST(a_poll_is_one_shot)
{
	struct probe p;
	int fds[2];

	make_pipe(fds);
	probe_init(&p);
	sp_op_poll(loop, &p.op, fds[0], EPOLLIN);
	run_rounds(loop, 3);
	cr_expect_eq(p.calls, 0);
	cr_assert_eq(write(fds[1], "x", 1), 1);
	run_until(loop, &p.last);
	cr_expect((p.res & EPOLLIN) != 0);
	run_rounds(loop, 3);
	cr_expect_eq(p.calls, 1);
	probe_init(&p);
	sp_op_poll(loop, &p.op, fds[0], EPOLLIN);
	run_until(loop, &p.last);
	cr_expect((p.res & EPOLLIN) != 0, "readiness that is already there is told");
	close_pipe(fds);
}

struct drain {
	struct sp_op op;
	int fd, calls;
	size_t total;
	bool got_two, last;
};

static void on_drain(struct sp_op *op, int res, bool more)
{
	struct drain *d = op->owner;
	char buf[64];
	ssize_t n;

	d->last = !more;
	if (res < 0)
		return;
	d->calls++;
	while ((n = read(d->fd, buf, sizeof(buf))) > 0)
		d->total += (size_t)n;
	d->got_two = d->total >= 2;
}

LOOP_TEST(poll_many_tells_each_edge_once_and_stays)
{
	struct drain d = { .op = { .fn = on_drain, .owner = &d } };
	int fds[2];

	make_pipe(fds);
	d.fd = fds[0];
	sp_op_poll_many(loop, &d.op, d.fd, EPOLLIN);
	cr_assert_eq(write(fds[1], "a", 1), 1);
	while (d.calls == 0)
		cr_assert_eq(sp_loop_run_once(loop, SP_NS_PER_S, NULL), 0);
	run_rounds(loop, 3);
	cr_expect_leq(d.calls, 2, "no new edge, no stream of callbacks");
	cr_expect(sp_op_busy(&d.op));
	cr_assert_eq(write(fds[1], "b", 1), 1);
	run_until(loop, &d.got_two);
	cr_expect_eq(d.total, 2);
	sp_op_cancel(&d.op);
	run_until(loop, &d.last);
	close_pipe(fds);
}
