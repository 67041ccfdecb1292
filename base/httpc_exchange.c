/* A request and its reply; see httpc_impl.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/httpc_impl.h"
#include "base/time.h"

ssize_t httpc_head_find(struct sp_httpc *c, struct httpc_head *ret, struct sp_err *err)
{
	struct sp_buf *in = &c->conn->in;

	while (in->len) {
		const char *reason = NULL;
		ssize_t n = httpc_head_parse(in->data, in->len, ret, &reason);

		if (n < 0)
			return httpc_fail_garbage(c, (int)n, reason, err);
		if (n == 0 || ret->status >= 200 || ret->status == 101)
			return n;
		if (++c->conn->interim > HTTPC_INTERIM_MAX)
			return httpc_fail_garbage(c, -EBADMSG, "it has no end of interim replies",
						  err);
		sp_buf_consume(in, (size_t)n);
	}
	return 0;
}

int httpc_head_receive(struct sp_httpc *c, struct httpc_head *ret, struct sp_err *err)
{
	ssize_t n;

	while ((n = httpc_head_find(c, ret, err)) == 0) {
		n = httpc_receive(c, err);
		if (n == 0)
			return httpc_fail_lost(c, 0, err);
		if (n < 0)
			break;
	}
	if (n < 0)
		return (int)n;
	sp_buf_consume(&c->conn->in, (size_t)n);
	httpc_moved(c);
	return 0;
}

/* Hand a piece of the body on. The time that on_data takes is no silence of the server's. */
static int put(struct sp_httpc *c, int status, struct httpc_sink *sink, const char *data,
	       size_t len, struct sp_err *err)
{
	if (sink->on_data && status < 400) {
		sink->stopped = sink->on_data(sink->state, data, len) != 0;
		httpc_moved(c);
		return 0;
	}
	httpc_moved(c);
	sp_buf_append(sink->body, data, len);
	if (sp_buf_check(sink->body, NULL) == -E2BIG)
		return sp_fail(err, SP_E_TOO_LARGE, "%s: a reply of over %zu bytes", c->what,
			       sink->body->limit);
	return sp_buf_check(sink->body, err);
}

/* What is in the buffer. */
static int take_body(struct sp_httpc *c, int status, struct httpc_body *b, struct httpc_sink *sink,
		     struct sp_err *err)
{
	struct sp_buf *in = &c->conn->in;
	size_t at = 0;
	int r = 0;

	while (r == 0 && at < in->len && b->part != HTTPC_BODY_END && !sink->stopped) {
		size_t len;
		ssize_t n = httpc_body_take(b, in->data + at, in->len - at, &len);

		if (n < 0)
			return httpc_fail_garbage(c, (int)n, "its chunks are no chunks", err);
		at += (size_t)n;
		if (len)
			r = put(c, status, sink, in->data + at - len, len, err);
	}
	sp_buf_consume(in, at);
	return r;
}

static int receive_body(struct sp_httpc *c, const struct httpc_head *head, bool none,
			struct httpc_sink *sink, struct sp_err *err)
{
	struct httpc_body b;
	int r;

	httpc_body_init(&b, head);
	if (none)
		return 0;
	for (;;) {
		ssize_t n;

		r = take_body(c, head->status, &b, sink, err);
		if (r < 0 || b.part == HTTPC_BODY_END || sink->stopped)
			return r;
		n = httpc_receive(c, err);
		if (n < 0)
			return (int)n;
		if (n == 0)
			return b.part == HTTPC_BODY_TO_END ? 0 : httpc_fail_lost(c, 0, err);
	}
}

/* *ret_dead: not one byte of a reply came over a connection that was lost. */
static int attempt(struct sp_httpc *c, const struct httpc_request *q, struct httpc_sink *sink,
		   struct httpc_head *ret, bool *ret_dead, struct sp_err *err)
{
	int sent, r;
	bool whole;

	c->conn->heard = false;
	c->conn->interim = 0;
	sent = httpc_request_send(c, q, err);
	r = sent < 0 ? sent : httpc_head_receive(c, ret, err);
	*ret_dead = r < 0 && !c->conn->heard && err->code == SP_E_UNREACHABLE;
	if (r == 0 && ret->status == 101 && !q->upgrade)
		r = httpc_fail_garbage(c, -EBADMSG, "it switches protocols unasked", err);
	if (r == 0 && ret->status != 101)
		r = receive_body(c, ret, !strcmp(q->method, "HEAD"), sink, err);
	whole = r == 0 && sent == 0 && !sink->stopped && !ret->close;
	if (ret->status == 101 ? r < 0 : !whole || !httpc_conn_is_idle(c->conn))
		httpc_drop(c);
	return r;
}

static int rewind_body(const struct httpc_request *q, struct sp_err *err)
{
	if (q->fd >= 0 && lseek(q->fd, q->start, SEEK_SET) < 0)
		return sp_fail_errno(err, errno, "read what is to be sent again");
	return 0;
}

/*
 * A kept connection may have been closed by the server at the very moment that it is used again.
 * Then not one byte of a reply comes, and the request is sent once more over a fresh one.
 */
static int exchange(struct sp_httpc *c, const struct httpc_request *q, struct httpc_sink *sink,
		    struct httpc_head *ret, struct sp_err *err)
{
	bool dead = false;
	int r;

	if (c->conn && !httpc_conn_is_idle(c->conn))
		httpc_drop(c);
	if (c->conn) {
		r = attempt(c, q, sink, ret, &dead, err);
		if (!dead)
			return r;
		r = rewind_body(q, err);
		if (r < 0)
			return r;
	}
	r = httpc_connect(c, err);
	return r < 0 ? r : attempt(c, q, sink, ret, &dead, err);
}

int httpc_exchange(struct sp_httpc *c, const struct httpc_request *q, struct httpc_sink *sink,
		   struct httpc_head *ret, struct sp_err *err)
{
	struct sp_err why = { 0 };
	int r;

	*ret = (struct httpc_head){ 0 };
	r = exchange(c, q, sink, ret, &why);
	if (r < 0 && err)
		*err = why; /* of the last attempt */
	return r;
}
