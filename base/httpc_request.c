/*
 * A request, sent. A server may answer before it has all of a body, and a refusal is all that it
 * will read then: whatever arrives while sending is looked at.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/httpc_impl.h"
#include "base/mem.h"
#include "base/time.h"

static bool is_word(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

/* POST and PUT say that they have no body. */
static bool tells_length(const struct httpc_request *q)
{
	return q->len || q->body || q->fd >= 0 || !strcmp(q->method, "POST") ||
	       !strcmp(q->method, "PUT");
}

static int build_head(const struct sp_httpc *c, const struct httpc_request *q, struct sp_buf *out,
		      struct sp_err *err)
{
	if (!is_word(q->method) || !is_word(q->path))
		return sp_fail(err, SP_E_INVALID, "'%s %s' cannot be asked", q->method, q->path);
	sp_buf_printf(out, "%s %s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: stackpilot\r\n", q->method,
		      c->url.prefix, q->path, c->url.authority);
	sp_buf_puts(out, "Accept: */*\r\n");
	if (q->upgrade)
		sp_buf_printf(out, "Connection: Upgrade\r\nUpgrade: %s\r\n", q->upgrade);
	for (char **h = c->headers; h && *h; h++)
		sp_buf_printf(out, "%s\r\n", *h);
	if (q->content_type)
		sp_buf_printf(out, "Content-Type: %s\r\n", q->content_type);
	if (tells_length(q))
		sp_buf_printf(out, "Content-Length: %" PRIu64 "\r\n", q->len);
	if (q->len > HTTPC_CONTINUE_MIN)
		sp_buf_puts(out, "Expect: 100-continue\r\n");
	sp_buf_puts(out, "\r\n");
	return sp_buf_check(out, err);
}

/* What has arrived by now; 1 when a final reply has. */
static int look(struct sp_httpc *c, struct sp_err *err)
{
	ssize_t n = httpc_receive_now(c->conn);
	struct httpc_head head;

	if (n == -EAGAIN)
		return 0;
	if (n <= 0)
		return httpc_fail_lost(c, n, err);
	n = httpc_head_find(c, &head, err);
	return n < 0 ? (int)n : n > 0;
}

/* Leave to send a large body, a refusal, or silence: then it is sent anyway. */
static int await_leave(struct sp_httpc *c, struct sp_err *err)
{
	int64_t until_ns = sp_time_mono_ns() + HTTPC_CONTINUE_WAIT;
	int r = 0;

	until_ns = until_ns < c->until_ns ? until_ns : c->until_ns;
	while (r == 0 && !c->conn->interim) {
		r = httpc_wait(c, c->conn->fd, POLLIN, until_ns, err);
		if (r <= 0)
			return r;
		r = look(c, err);
	}
	return r;
}

/* The server reads no more: perhaps it has said why. */
static int send_failed(struct sp_httpc *c, ssize_t failure, struct sp_err *err)
{
	return look(c, NULL) > 0 ? 1 : httpc_fail_lost(c, failure, err);
}

/* All of it, or 1 when a final reply came before. */
static int send_piece(struct sp_httpc *c, const char *data, size_t len, struct sp_err *err)
{
	int r;

	while (len) {
		ssize_t n;

		r = httpc_in_time(c, c->until_ns, err);
		if (r <= 0)
			return r < 0 ? r : httpc_fail_lost(c, -ETIMEDOUT, err);
		n = httpc_conn_send(c->conn, data, len);
		if (n > 0) {
			httpc_moved(c);
			data += n;
			len -= (size_t)n;
			continue;
		}
		if (n != -EAGAIN)
			return send_failed(c, n, err);
		r = httpc_wait(c, c->conn->fd, POLLIN | POLLOUT, c->until_ns, err);
		if (r <= 0)
			return r < 0 ? r : httpc_fail_lost(c, -ETIMEDOUT, err);
		r = look(c, err);
		if (r)
			return r;
	}
	return 0;
}

static ssize_t read_some(int fd, char *buf, size_t len, struct sp_err *err)
{
	ssize_t n;

	do
		n = read(fd, buf, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sp_fail_errno(err, errno, "read what is to be sent");
	if (n == 0)
		return sp_fail(err, SP_E_CORRUPT, "what is to be sent has ended early");
	return n;
}

static int send_file(struct sp_httpc *c, const struct httpc_request *q, struct sp_err *err)
{
	autofree char *piece = malloc(HTTPC_PIECE);
	int r = 0;

	if (!piece)
		return sp_fail_nomem(err);
	for (uint64_t left = q->len; left && r == 0;) {
		ssize_t n = read_some(q->fd, piece, left < HTTPC_PIECE ? left : HTTPC_PIECE, err);

		if (n < 0)
			return (int)n;
		left -= (uint64_t)n;
		httpc_moved(c); /* the time that the file takes is no silence of the server's */
		r = send_piece(c, piece, (size_t)n, err);
		if (r == 0)
			r = look(c, err);
	}
	return r;
}

/* Head and a small body go out as one. */
static int send_whole(struct sp_httpc *c, const struct httpc_request *q, struct sp_buf *head,
		      struct sp_err *err)
{
	int r;

	sp_buf_append(head, q->body, q->len);
	r = sp_buf_check(head, err);
	return r < 0 ? r : send_piece(c, head->data, head->len, err);
}

int httpc_request_send(struct sp_httpc *c, const struct httpc_request *q, struct sp_err *err)
{
	autobuf struct sp_buf head = SP_BUF_INIT;
	int r = build_head(c, q, &head, err);

	if (r < 0)
		return r;
	if (q->fd < 0 && q->len <= HTTPC_CONTINUE_MIN)
		return send_whole(c, q, &head, err);
	r = send_piece(c, head.data, head.len, err);
	if (r == 0 && q->len > HTTPC_CONTINUE_MIN)
		r = await_leave(c, err);
	if (r)
		return r;
	return q->fd < 0 ? send_piece(c, q->body, q->len, err) : send_file(c, q, err);
}
