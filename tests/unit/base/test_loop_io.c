/* The loop: reads and writes of pipes, sockets and files. */
#include "base/loop.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "tests/unit/base/loop_test.h"

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

static void make_socketpair(int fds[2])
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
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
