/* The loop: connections made and taken. */
#include "base/loop.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/unit/base/loop_test.h"

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
