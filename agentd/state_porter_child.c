/*
 * See state_porter_child.h. Plain poll(2): a few connections, and nothing but this to do. Each
 * direction has a buffer that is emptied before more is read, so nobody can make it hold much.
 */
#include "agentd/state_porter_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "agentd/state_porter.h"
#include "base/child.h"

#define LANE_BYTES 16384
#define OUTSIDE    3
#define INSIDE     4

/* One direction of a connection. */
struct lane {
	int from, to;
	size_t at, len; /* of what is still to be written */
	bool ended;     /* from has no more */
	char data[LANE_BYTES];
};

struct passage {
	bool open;
	struct lane in, out; /* to the agent, and back */
};

static struct passage passages[STATE_PORTER_PASSAGES];

static void passage_close(struct passage *p)
{
	close(p->in.from);
	close(p->in.to);
	p->open = false;
}

static bool may_come(int fd, const struct state_porter_work *work)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       peer.uid >= work->first_uid && peer.uid - work->first_uid < work->n_uids;
}

static int dial(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d", INSIDE);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void take_in(struct passage *p, const struct state_porter_work *work)
{
	int client = accept4(OUTSIDE, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), agent;

	if (client < 0)
		return;
	agent = may_come(client, work) ? dial() : -1;
	if (agent < 0) {
		close(client);
		return;
	}
	*p = (struct passage){ .open = true };
	p->in.from = p->out.to = client;
	p->in.to = p->out.from = agent;
}

static short wants(const struct lane *l, int fd)
{
	if (fd == l->from && !l->len && !l->ended)
		return POLLIN;
	return fd == l->to && l->len ? POLLOUT : 0;
}

/* One side of a connection, which is looked at only while something is wanted of it: a side that
 * hung up would be told over and over. */
static struct pollfd wait_for(const struct passage *p, int fd)
{
	int events = p->open ? wants(&p->in, fd) | wants(&p->out, fd) : 0;

	return (struct pollfd){ events ? fd : -1, (short)events, 0 };
}

/* Move what can be moved; -1: the connection is broken. */
static int carry(struct lane *l)
{
	ssize_t n;

	if (!l->len && !l->ended) {
		n = recv(l->from, l->data, sizeof(l->data), 0);
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		l->at = 0;
		l->len = (size_t)n;
		if (n == 0) {
			l->ended = true;
			shutdown(l->to, SHUT_WR);
		}
	}
	if (!l->len)
		return 0;
	n = send(l->to, l->data + l->at, l->len, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	l->at += (size_t)n;
	l->len -= (size_t)n;
	return 0;
}

/* The agent has said all it has to say, or either side is gone. */
static void serve(struct passage *p)
{
	if (carry(&p->in) < 0 || carry(&p->out) < 0 || p->out.ended)
		passage_close(p);
}

static void turn(const struct state_porter_work *work)
{
	struct pollfd fds[2 * STATE_PORTER_PASSAGES + 1] = { { 0 } };
	struct passage *free_one = NULL;

	for (size_t i = 0; i < STATE_PORTER_PASSAGES; i++) {
		struct passage *p = &passages[i];

		if (!p->open)
			free_one = p;
		fds[2 * i] = wait_for(p, p->in.from);
		fds[2 * i + 1] = wait_for(p, p->in.to);
	}
	fds[2 * STATE_PORTER_PASSAGES] = (struct pollfd){ free_one ? OUTSIDE : -1, POLLIN, 0 };
	if (poll(fds, 2 * STATE_PORTER_PASSAGES + 1, -1) < 0)
		return;
	for (size_t i = 0; i < STATE_PORTER_PASSAGES; i++)
		if (fds[2 * i].revents || fds[2 * i + 1].revents)
			serve(&passages[i]);
	if (fds[2 * STATE_PORTER_PASSAGES].revents)
		take_in(free_one, work);
}

_Noreturn void state_porter_child(const struct state_porter_work *work)
{
	struct state_porter_work own = *work;
	int outside, inside;

	sp_child_die_with(own.agent);
	outside = fcntl(own.outside, F_DUPFD_CLOEXEC, INSIDE + 1);
	inside = fcntl(own.inside, F_DUPFD_CLOEXEC, INSIDE + 1);
	if (outside < 0 || inside < 0 || dup2(outside, OUTSIDE) < 0 || dup2(inside, INSIDE) < 0)
		_exit(2);
	syscall(SYS_close_range, (unsigned int)INSIDE + 1, ~0U, 0U);
	for (;;)
		turn(&own);
}
