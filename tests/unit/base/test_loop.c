/* The loop: the life of an op, signals, and its end. */
#include "base/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

#include "tests/unit/base/loop_test.h"

LOOP_TEST(a_cancelled_op_ends_once_with_ecanceled)
{
	struct probe read_op, poll_op;
	char c;
	int fds[2];

	make_pipe(fds);
	probe_init(&read_op);
	probe_init(&poll_op);
	sp_op_cancel(&read_op.op); /* idle: nothing happens */
	sp_op_read(loop, &read_op.op, fds[0], &c, 1, -1);
	sp_op_poll(loop, &poll_op.op, fds[0], EPOLLIN);
	run_rounds(loop, 2);
	sp_op_cancel(&read_op.op);
	sp_op_cancel(&read_op.op);
	sp_op_cancel(&poll_op.op);
	cr_expect_eq(read_op.calls, 0, "callbacks run only in dispatch");
	run_until(loop, &read_op.last);
	run_until(loop, &poll_op.last);
	run_rounds(loop, 2);
	cr_expect_eq(read_op.calls, 1);
	cr_expect_eq(read_op.res, -ECANCELED);
	cr_expect_eq(poll_op.res, -ECANCELED);
	cr_assert_eq(write(fds[1], "x", 1), 1);
	run_rounds(loop, 2);
	cr_expect_eq(read(fds[0], &c, 1), 1, "a cancelled read took nothing");
	close_pipe(fds);
}

LOOP_TEST(cancelling_right_after_submitting_is_fine)
{
	struct probe p;
	char c;
	int fds[2];

	make_pipe(fds);
	probe_init(&p);
	sp_op_read(loop, &p.op, fds[0], &c, 1, -1);
	sp_op_cancel(&p.op);
	run_until(loop, &p.last);
	cr_expect_eq(p.calls, 1);
	cr_expect_eq(p.res, -ECANCELED);
	close_pipe(fds);
}

LOOP_TEST(a_loop_can_be_freed_with_ops_in_flight)
{
	static struct probe p[100];
	static char c[100];
	static int fds[100][2];
	struct sp_loop *own = NULL;
	enum sp_loop_backend kind =
		strcmp(sp_loop_backend_name(loop), "epoll") ? SP_LOOP_URING : SP_LOOP_EPOLL;

	cr_assert_eq(sp_loop_new(kind, &own, NULL), 0);
	for (int i = 0; i < 100; i++) {
		make_pipe(fds[i]);
		probe_init(&p[i]);
		sp_op_read(own, &p[i].op, fds[i][0], &c[i], 1, -1);
		if (i == 50)
			run_rounds(own, 1);
	}
	sp_loop_free(own);
	for (int i = 0; i < 100; i++) {
		cr_expect_eq(p[i].calls, 0);
		cr_expect_not(sp_op_busy(&p[i].op));
		close_pipe(fds[i]);
	}
}

struct relay {
	struct sp_op op;
	struct sp_loop *loop;
	int left, fd;
	bool *end;
	char byte;
};

/* Frees its own op and goes on with a fresh one, submitted from inside the callback. */
static void on_relay(struct sp_op *op, int res, bool more)
{
	struct relay *r = op->owner, *next;

	cr_assert_eq(res, 1);
	cr_assert_not(more);
	if (r->left == 0) {
		*r->end = true;
		free(r);
		return;
	}
	next = calloc(1, sizeof(*next));
	*next = (struct relay){ .loop = r->loop, .left = r->left - 1, .fd = r->fd, .end = r->end };
	next->op = (struct sp_op){ .fn = on_relay, .owner = next };
	memset(r, 0xa5, sizeof(*r));
	free(r);
	sp_op_read(next->loop, &next->op, next->fd, &next->byte, 1, -1);
}

LOOP_TEST(a_callback_may_free_its_op_and_submit_another)
{
	struct relay *r = calloc(1, sizeof(*r));
	static char many[1000];
	bool end = false;
	int fds[2];

	make_pipe(fds);
	*r = (struct relay){ .loop = loop, .left = 999, .fd = fds[0], .end = &end };
	r->op = (struct sp_op){ .fn = on_relay, .owner = r };
	sp_op_read(loop, &r->op, r->fd, &r->byte, 1, -1);
	cr_assert_eq(write(fds[1], many, sizeof(many)), (int)sizeof(many));
	run_until(loop, &end);
	close_pipe(fds);
}

/* More than both queues hold, at once. */
LOOP_TEST(thousands_of_ops_all_complete)
{
	enum { N = 10000 };
	struct probe *p = calloc(N, sizeof(*p));
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), done = 0;

	for (int i = 0; i < N; i++) {
		probe_init(&p[i]);
		sp_op_poll(loop, &p[i].op, fd, EPOLLIN);
	}
	run_rounds(loop, 2);
	cr_assert_eq(eventfd_write(fd, 1), 0);
	for (int i = 0; i < N; i++)
		run_until(loop, &p[i].last);
	for (int i = 0; i < N; i++)
		done += p[i].calls == 1 && (p[i].res & EPOLLIN);
	cr_expect_eq(done, N);
	close(fd);
	free(p);
}

static int signals_seen[2];

static void on_signal(int sig, void *owner)
{
	signals_seen[sig == SIGUSR2]++;
	*(bool *)owner = true;
}

LOOP_TEST(signals_arrive_in_dispatch)
{
	bool one = false, two = false;

	cr_assert_eq(sp_loop_on_signal(loop, SIGUSR1, on_signal, &one, NULL), 0);
	cr_assert_eq(sp_loop_on_signal(loop, SIGUSR2, on_signal, &two, NULL), 0);
	cr_expect_lt(sp_loop_on_signal(loop, 65, on_signal, &two, NULL), 0);
	signals_seen[0] = signals_seen[1] = 0;
	for (int i = 1; i <= 3; i++) {
		one = two = false;
		kill(getpid(), SIGUSR1);
		cr_expect_not(one);
		run_until(loop, &one);
		kill(getpid(), SIGUSR2);
		run_until(loop, &two);
		cr_expect_eq(signals_seen[0], i);
		cr_expect_eq(signals_seen[1], i);
	}
}

static void stop_loop(struct sp_timer *t)
{
	sp_loop_stop(t->owner);
}

LOOP_TEST(run_goes_on_until_stopped)
{
	struct sp_timer t = { .fn = stop_loop, .owner = loop };

	cr_assert_eq(sp_timer_arm_in(loop, &t, SP_NS_PER_MS), 0);
	cr_expect_eq(sp_loop_run(loop, NULL), 0);
	cr_expect_eq(t.due_ns, 0);
}

/* The number of a closed descriptor comes back at once as another file: no stale registration. */
LOOP_TEST(a_reused_descriptor_number_is_a_new_descriptor)
{
	for (int i = 0; i < 20; i++) {
		struct probe p;
		int fds[2], copy;
		char c;

		make_pipe(fds);
		copy = dup(fds[0]);
		probe_init(&p);
		sp_op_read(loop, &p.op, fds[0], &c, 1, -1);
		run_rounds(loop, 1);
		cr_assert_eq(write(fds[1], "x", 1), 1);
		run_until(loop, &p.last);
		cr_expect_eq(p.res, 1);
		cr_assert_eq(write(fds[1], "x", 1), 1);
		close_pipe(fds);
		close(copy);
	}
}

Test(loop, the_environment_forces_epoll)
{
	struct sp_loop *loop = NULL;

	setenv("SP_LOOP", "epoll", 1);
	cr_assert_eq(sp_loop_new(SP_LOOP_ANY, &loop, NULL), 0);
	cr_expect_str_eq(sp_loop_backend_name(loop), "epoll");
	sp_loop_free(loop);
	sp_loop_free(NULL);
}
