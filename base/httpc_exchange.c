/* A request and its reply; see httpc_impl.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/httpc_impl.h"
#include "base/time.h"

int httpc_head_receive(struct sp_httpc *c, struct httpc_head *ret, struct sp_err *err)
{
	struct sp_buf *in = &c->conn->in;

	for (;;) {
		const char *reason = NULL;
		ssize_t n = in->len ? httpc_head_parse(in->data, in->len, ret, &reason) : 0;

		if (n < 0)
			return httpc_fail_garbage(c, (int)n, reason, err);
		if (n > 0)
			sp_buf_consume(in, (size_t)n);
		if (n > 0 && (ret->status >= 200 || ret->status == 101))
			return 0;
		if (n > 0)
			continue;
		n = httpc_receive(c, err);
		if (n <= 0)
			return n < 0 ? (int)n : httpc_fail_lost(c, 0, err);
	}
}

/* Hand a piece of the body on. */
static int put(const struct sp_httpc *c, int status, struct httpc_sink *sink, const char *data,
	       size_t len, struct sp_err *err)
{
	if (sink->on_data && status < 400) {
		sink->stopped = sink->on_data(sink->state, data, len) != 0;
		return 0;
	}
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
		if (atomic_load(&c->interrupted))
			return httpc_fail_interrupted(c, err);
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
	struct sp_err why = { 0 };
	int sent, r;
	bool whole;

	c->conn->heard = false;
	sent = httpc_request_send(c, q, &why);
	r = sent < 0 ? sent : httpc_head_receive(c, ret, &why);
	*ret_dead = r < 0 && !c->conn->heard && why.code == SP_E_UNREACHABLE;
	if (r == 0 && ret->status == 101 && !q->upgrade)
		r = httpc_fail_garbage(c, -EBADMSG, "it switches protocols unasked", &why);
	if (r < 0 && err)
		*err = why;
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
int httpc_exchange(struct sp_httpc *c, const struct httpc_request *q, struct httpc_sink *sink,
		   struct httpc_head *ret, struct sp_err *err)
{
	bool dead = false;
	int r;

	*ret = (struct httpc_head){ 0 };
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
