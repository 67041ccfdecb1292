/* The socket to the agent; see channel.h. */
#include "runtime/init/channel.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* One message with its descriptors, which are added to the table. */
static ssize_t receive(struct init_orders *in, void *data, size_t len)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(RT_FDS_BATCH * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	ssize_t n = recvmsg(RT_INIT_SOCKET, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&msg);

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);

		assert(in->n_fds + bytes / sizeof(int) <= RT_FDS_MAX);
		memcpy(in->fds + in->n_fds, CMSG_DATA(c), bytes);
		in->n_fds += (uint32_t)(bytes / sizeof(int));
	}
	return n;
}

static int receive_block(struct init_orders *in, size_t size, struct sp_err *err)
{
	char *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (block == MAP_FAILED)
		return sp_fail_nomem(err);
	in->head = (const struct rt_orders *)(void *)block;
	in->size = size;
	for (size_t at = 0; at < size;) {
		ssize_t n = receive(in, block + at, size - at);

		if (n <= 0)
			return sp_fail_errno(err, n < 0 ? errno : EPIPE, "receive orders");
		at += (size_t)n;
	}
	return 0;
}

int channel_receive(struct init_orders *ret, struct sp_err *err)
{
	struct rt_hello hello;
	ssize_t n = receive(ret, &hello, sizeof(hello));
	char byte;

	if (n == 0)
		_exit(1); /* the agent went away before the start */
	if (n != sizeof(hello) || hello.magic != RT_MAGIC || hello.size < sizeof(struct rt_orders))
		return sp_fail(err, SP_E_INTERNAL, "orders that are not for this spinit");
	while (ret->n_fds < hello.n_fds)
		if (receive(ret, &byte, 1) != 1)
			return sp_fail(err, SP_E_INTERNAL, "orders broke off");
	return receive_block(ret, hello.size, err);
}

void channel_await_go(void)
{
	char go;

	if (read(RT_INIT_SOCKET, &go, 1) != 1)
		_exit(1);
}

void channel_report(const struct rt_report *report, int fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)report, .iov_len = sizeof(*report) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	sendmsg(RT_INIT_SOCKET, &msg, MSG_NOSIGNAL);
	close(RT_INIT_SOCKET);
}

void channel_forget(struct init_orders *in)
{
	munmap((void *)in->head, in->size);
	in->head = NULL;
}

const void *orders_array(const struct init_orders *in, struct rt_slice s, size_t item)
{
	assert(s.offset <= in->size && s.count * item <= in->size - s.offset);
	return (const char *)in->head + s.offset;
}

const char *orders_string(const struct init_orders *in, struct rt_slice s)
{
	const char *p = orders_array(in, s, 1);

	assert(s.offset + s.count < in->size && p[s.count] == '\0');
	return p;
}

int orders_fd(const struct init_orders *in, uint32_t number)
{
	assert(number == RT_NO_FD || number < in->n_fds);
	return number == RT_NO_FD ? -1 : in->fds[number];
}
