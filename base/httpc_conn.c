/* Bytes over a connection, plain or TLS, and waiting for them. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/httpc_impl.h"
#include "base/time.h"

#define WAIT_MAX_MS  (60 * 1000) /* of one poll(2); the wait goes on after it */
#define WARNINGS_MAX 16          /* of TLS, with no bytes between them */

void httpc_conn_free(struct httpc_conn *conn)
{
	if (!conn)
		return;
	httpc_tls_close(conn);
	sp_close(&conn->fd);
	sp_buf_fini(&conn->in);
	free(conn);
}

void httpc_drop(struct sp_httpc *c)
{
	httpc_conn_free(c->conn);
	c->conn = NULL;
}

bool httpc_conn_is_idle(struct httpc_conn *conn)
{
	char byte;

	if (conn->in.len || (conn->session && gnutls_record_check_pending(conn->session)))
		return false;
	return recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* What a call of GnuTLS gave; -EINTR asks for it once more: it was only a warning. */
static ssize_t of_tls(struct httpc_conn *conn, ssize_t n)
{
	if (n >= 0) {
		conn->warnings = 0;
		return n;
	}
	if (n == GNUTLS_E_AGAIN)
		return -EAGAIN;
	if (!gnutls_error_is_fatal((int)n) && ++conn->warnings <= WARNINGS_MAX)
		return -EINTR;
	conn->tls_error = (int)n;
	return n == GNUTLS_E_PUSH_ERROR || n == GNUTLS_E_PULL_ERROR ||
			       n == GNUTLS_E_PREMATURE_TERMINATION
		       ? -ECONNRESET
		       : -EPROTO;
}

ssize_t httpc_conn_send(struct httpc_conn *conn, const void *data, size_t len)
{
	ssize_t n;

	do {
		if (conn->session) {
			n = of_tls(conn, gnutls_record_send(conn->session, data, len));
		} else {
			n = send(conn->fd, data, len, MSG_NOSIGNAL);
			n = n < 0 ? -errno : n;
		}
	} while (n == -EINTR);
	return n;
}

ssize_t httpc_conn_recv(struct httpc_conn *conn, void *data, size_t room)
{
	ssize_t n;

	do {
		if (conn->session) {
			n = of_tls(conn, gnutls_record_recv(conn->session, data, room));
		} else {
			n = recv(conn->fd, data, room, 0);
			n = n < 0 ? -errno : n;
		}
	} while (n == -EINTR);
	return n;
}

static int poll_ms(int64_t left_ns)
{
	int64_t ms = left_ns > 0 ? (left_ns + SP_NS_PER_MS - 1) / SP_NS_PER_MS : 0;

	return ms < WAIT_MAX_MS ? (int)ms : WAIT_MAX_MS;
}

/* Also of what woke up the call before this one. */
static void drain(int wake_fd)
{
	eventfd_t n;

	eventfd_read(wake_fd, &n);
}

int httpc_in_time(struct sp_httpc *c, int64_t until_ns, struct sp_err *err)
{
	if (atomic_load(&c->interrupted))
		return httpc_fail_interrupted(c, err);
	return sp_time_mono_ns() < until_ns;
}

int httpc_wait(struct sp_httpc *c, int fd, short events, int64_t until_ns, struct sp_err *err)
{
	struct pollfd p[2] = { { .fd = fd, .events = events },
			       { .fd = c->wake_fd, .events = POLLIN } };

	for (;;) {
		int r = httpc_in_time(c, until_ns, err);

		if (r <= 0)
			return r;
		if (poll(p, 2, poll_ms(until_ns - sp_time_mono_ns())) < 0 && errno != EINTR)
			return sp_fail_errno(err, errno, "poll");
		if (p[1].revents)
			drain(c->wake_fd);
		else if (p[0].revents)
			return 1;
	}
}

ssize_t httpc_receive_now(struct httpc_conn *conn)
{
	char *to = sp_buf_reserve(&conn->in, HTTPC_PIECE);
	ssize_t n = to ? httpc_conn_recv(conn, to, HTTPC_PIECE) : -ENOMEM;

	if (n > 0) {
		sp_buf_commit(&conn->in, (size_t)n);
		conn->heard = true;
	}
	return n;
}

ssize_t httpc_receive(struct sp_httpc *c, struct sp_err *err)
{
	int r;

	while ((r = httpc_in_time(c, c->until_ns, err)) > 0) {
		ssize_t n = httpc_receive_now(c->conn);

		if (n != -EAGAIN)
			return n < 0 ? httpc_fail_lost(c, n, err) : n;
		r = httpc_wait(c, c->conn->fd, POLLIN, c->until_ns, err);
		if (r <= 0)
			break;
	}
	return r < 0 ? r : httpc_fail_lost(c, -ETIMEDOUT, err);
}
