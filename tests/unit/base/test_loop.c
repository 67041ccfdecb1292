/*
 * The completion loop: every test runs on io_uring, on io_uring playing a kernel without multishot
 * requests, and on epoll.
 */
#include "base/loop.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"

#define ROUNDS_MAX 20000 /* a test that needs more hangs */

static void with_loop(enum sp_loop_backend want, void (*body)(struct sp_loop *loop))
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

static void record(struct sp_op *op, int res, bool more)
{
	struct probe *p = op->owner;

	p->calls++;
	p->res = res;
	p->more = more;
	p->last = !more;
}

static void probe_init(struct probe *p)
{
	*p = (struct probe){ .op = { .fn = record, .owner = p } };
}

static void run_until(struct sp_loop *loop, const bool *flag)
{
	for (int i = 0; !*flag; i++) {
		cr_assert_lt(i, ROUNDS_MAX, "the loop never came to an end");
		cr_assert_eq(sp_loop_run_once(loop, SP_NS_PER_S, NULL), 0);
	}
}

static void run_rounds(struct sp_loop *loop, int n)
{
	while (n--)
		cr_assert_eq(sp_loop_run_once(loop, 0, NULL), 0);
}

static void make_pipe(int fds[2])
{
	cr_assert_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
}

static void close_pipe(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static void make_socketpair(int fds[2])
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
}

LOOP_TEST(a_read_waits_for_the_pipe_and_ends_at_eof)
{
	struct probe p;
	char buf[16];
	int fds[2];

	make_pipe(fds);
	probe_init(&p);
	sp_op_read(loop, &p.op, fds[0], buf, sizeof(buf), -1);
	cr_expect(sp_op_busy(&p.op));
	run_rounds(loop, 3);
	cr_expect_eq(p.calls, 0, "nothing to read yet, on a non-blocking descriptor");
	cr_assert_eq(write(fds[1], "hello", 5), 5);
	run_until(loop, &p.last);
	cr_expect_eq(p.res, 5);
	cr_expect_arr_eq(buf, "hello", 5);
	cr_expect_not(sp_op_busy(&p.op));

	probe_init(&p);
	sp_op_read(loop, &p.op, fds[0], buf, sizeof(buf), -1);
	run_rounds(loop, 2);
	close(fds[1]);
	run_until(loop, &p.last);
	cr_expect_eq(p.res, 0);
	close(fds[0]);
}

LOOP_TEST(a_write_waits_for_room)
{
	static char page[4096];
	struct probe p;
	int fds[2];
	ssize_t n;

	make_pipe(fds);
	while (write(fds[1], page, sizeof(page)) > 0)
		;
	probe_init(&p);
	sp_op_write(loop, &p.op, fds[1], page, sizeof(page), -1);
	run_rounds(loop, 3);
	cr_expect_eq(p.calls, 0);
	do
		n = read(fds[0], page, sizeof(page));
	while (n > 0);
	run_until(loop, &p.last);
	cr_expect_eq(p.res, (int)sizeof(page));
	close_pipe(fds);
}

LOOP_TEST(a_write_nobody_reads_is_epipe_and_kills_nobody)
{
	struct probe p;
	int fds[2];

	make_pipe(fds);
	close(fds[0]);
	probe_init(&p);
	sp_op_write(loop, &p.op, fds[1], "x", 1, -1);
	run_until(loop, &p.last);
	cr_expect_eq(p.res, -EPIPE);
	close(fds[1]);
}

LOOP_TEST(files_take_offsets_and_their_own_position)
{
	FILE *file = tmpfile();
	int fd = fileno(file);
	char buf[8] = { 0 };
	struct probe p;

	probe_init(&p);
	sp_op_write(loop, &p.op, fd, "abcdef", 6, -1);
	cr_expect_eq(p.calls, 0, "callbacks run only in dispatch");
	run_until(loop, &p.last);
	cr_expect_eq(p.res, 6);
	probe_init(&p);
	sp_op_write(loop, &p.op, fd, "XY", 2, 2);
	run_until(loop, &p.last);
	probe_init(&p);
	sp_op_fsync(loop, &p.op, fd);
	run_until(loop, &p.last);
	cr_expect_eq(p.res, 0);
	probe_init(&p);
	sp_op_read(loop, &p.op, fd, buf, 5, 1);
	run_until(loop, &p.last);
	cr_expect_eq(p.res, 5);
	cr_expect_str_eq(buf, "bXYef");
	probe_init(&p);
	sp_op_read(loop, &p.op, fd, buf, 5, -1);
	run_until(loop, &p.last);
	cr_expect_eq(p.res, 0, "the position is at the end");
	fclose(file);
}

LOOP_TEST(what_cannot_start_completes_with_its_errno)
{
	struct probe p;
	char c;

	probe_init(&p);
	sp_op_read(loop, &p.op, -1, &c, 1, -1);
	run_until(loop, &p.last);
	cr_expect_eq(p.res, -EBADF);
	probe_init(&p);
	sp_op_poll(loop, &p.op, -1, EPOLLIN);
	run_until(loop, &p.last);
	cr_expect_eq(p.res, -EBADF);
	probe_init(&p);
	sp_op_accept(loop, &p.op, -1);
	run_until(loop, &p.last);
	cr_expect_eq(p.res, -EBADF);
}

static int listen_at(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	unlink(address->sun_path);
	cr_assert_eq(bind(fd, (const struct sockaddr *)address, sizeof(*address)), 0);
	cr_assert_eq(listen(fd, 64), 0);
	return fd;
}

static struct sockaddr_un own_address(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/sp-loop-%d.sock", getpid());
	return address;
}

struct acceptor {
	struct sp_op op;
	int n, error, flags;
	bool enough, last;
};

static void on_accept(struct sp_op *op, int res, bool more)
{
	struct acceptor *a = op->owner;

	a->last = !more;
	if (res < 0) {
		a->error = res;
		return;
	}
	a->flags = fcntl(res, F_GETFL);
	cr_expect((fcntl(res, F_GETFD) & FD_CLOEXEC) != 0);
	close(res);
	a->enough = ++a->n == 8;
}

LOOP_TEST(one_accept_serves_many_connections)
{
	struct sockaddr_un address = own_address();
	struct acceptor a = { .op = { .fn = on_accept, .owner = &a } };
	struct probe clients[8];
	int fd = listen_at(&address), fds[8];

	sp_op_accept(loop, &a.op, fd);
	for (int i = 0; i < 8; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		probe_init(&clients[i]);
		sp_op_connect(loop, &clients[i].op, fds[i], (struct sockaddr *)&address,
			      sizeof(address));
	}
	run_until(loop, &a.enough);
	for (int i = 0; i < 8; i++) {
		run_until(loop, &clients[i].last);
		cr_expect_eq(clients[i].res, 0);
		close(fds[i]);
	}
	cr_expect((a.flags & O_NONBLOCK) != 0);
	sp_op_cancel(&a.op);
	run_until(loop, &a.last);
	cr_expect_eq(a.error, -ECANCELED);
	close(fd);
	unlink(address.sun_path);
}

LOOP_TEST(connecting_to_nobody_is_refused)
{
	struct sockaddr_un address = own_address();
	int fd;
	struct probe p;

	close(listen_at(&address));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	probe_init(&p);
	sp_op_connect(loop, &p.op, fd, (struct sockaddr *)&address, sizeof(address));
	run_until(loop, &p.last);
	cr_expect_eq(p.res, -ECONNREFUSED);
	close(fd);
	unlink(address.sun_path);
}

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

LOOP_TEST(one_descriptor_can_be_read_and_written_at_once)
{
	struct probe in, out;
	char buf[4];
	int fds[2];

	make_socketpair(fds);
	probe_init(&in);
	probe_init(&out);
	sp_op_read(loop, &in.op, fds[0], buf, sizeof(buf), -1);
	run_rounds(loop, 1);
	sp_op_write(loop, &out.op, fds[0], "out", 3, -1);
	run_until(loop, &out.last);
	cr_expect_eq(out.res, 3);
	cr_expect_eq(in.calls, 0);
	cr_assert_eq(write(fds[1], "in", 2), 2);
	run_until(loop, &in.last);
	cr_expect_eq(in.res, 2);
	close_pipe(fds);
}

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
