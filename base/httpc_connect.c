/* From a base URL, or a unix socket's path, to a connection. */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"
#include "base/httpc_impl.h"
#include "base/time.h"

static int fail(const struct sp_httpc *c, int num, struct sp_err *err)
{
	char within[SP_DURATION_MAX];

	if (num != ETIMEDOUT)
		return sp_fail(err, SP_E_UNREACHABLE, "%s at '%s': %s", c->what, httpc_address(c),
			       strerror(num));
	sp_duration_format(c->connect_timeout_ns, within);
	return sp_fail(err, SP_E_UNREACHABLE, "%s at '%s': no connection within %s", c->what,
		       httpc_address(c), within);
}

/* The socket; a positive errno in *ret_num where the other side is to blame for -1. */
static int open_socket(struct sp_httpc *c, const struct sockaddr *to, socklen_t len,
		       int64_t until_ns, int *ret_num, struct sp_err *err)
{
	autoclose int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(*ret_num);
	int one = 1, r = 1;

	*ret_num = fd < 0 && errno == EAFNOSUPPORT ? errno : 0; /* a kernel without IPv6 */
	if (fd < 0)
		return *ret_num ? -1 : sp_fail_errno(err, errno, "socket");
	if (to->sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*ret_num = connect(fd, to, len) < 0 ? errno : 0;
	if (*ret_num == EINPROGRESS) {
		*ret_num = 0;
		r = httpc_wait(c, fd, POLLOUT, until_ns, err);
		if (r < 0)
			return r;
		if (r == 0)
			*ret_num = ETIMEDOUT;
		else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, ret_num, &size) < 0)
			*ret_num = errno;
	}
	return *ret_num ? -1 : take_fd(fd);
}

static int open_unix(struct sp_httpc *c, int64_t until_ns, struct sp_err *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(c->unix_path);
	int num = 0, fd;

	if (len >= sizeof(to.sun_path))
		return sp_fail(err, SP_E_INVALID, "socket path '%s' is over %zu bytes",
			       c->unix_path, sizeof(to.sun_path) - 1);
	memcpy(to.sun_path, c->unix_path, len + 1);
	fd = open_socket(c, (struct sockaddr *)&to, sizeof(to), until_ns, &num, err);
	return num ? fail(c, num, err) : fd;
}

/* One address after the other, each with its share of the time. */
static int open_tcp(struct sp_httpc *c, int64_t until_ns, struct sp_err *err)
{
	struct addrinfo *list = NULL;
	int64_t left = 0;
	int num = 0, fd = httpc_resolve(c, until_ns, &list, err);

	if (fd < 0)
		return fd;
	for (const struct addrinfo *a = list; a; a = a->ai_next)
		left++;
	for (const struct addrinfo *a = list; a; a = a->ai_next, left--) {
		int64_t now = sp_time_mono_ns();

		num = 0;
		fd = open_socket(c, a->ai_addr, a->ai_addrlen, now + (until_ns - now) / left, &num,
				 err);
		if (!num)
			break;
	}
	freeaddrinfo(list);
	return num ? fail(c, num, err) : fd;
}

int httpc_connect(struct sp_httpc *c, struct sp_err *err)
{
	int64_t until_ns = sp_time_mono_ns() + c->connect_timeout_ns;
	int fd, r = 0;

	if (until_ns > c->until_ns)
		until_ns = c->until_ns;
	fd = c->unix_path ? open_unix(c, until_ns, err) : open_tcp(c, until_ns, err);
	if (fd < 0)
		return fd;
	c->conn = calloc(1, sizeof(*c->conn));
	if (!c->conn) {
		sp_close(&fd);
		return sp_fail_nomem(err);
	}
	c->conn->fd = fd;
	if (c->url.tls)
		r = httpc_tls_open(c, until_ns, err);
	if (r < 0)
		httpc_drop(c);
	return r;
}
