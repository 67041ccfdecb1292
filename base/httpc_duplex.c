/* A connection that has switched protocols: from the 101 on the bytes are the caller's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/httpc_impl.h"
#include "base/json.h"
#include "base/mem.h"

struct sp_httpc_duplex {
	struct httpc_conn *conn; /* conn->in: what came with the reply's head */
};

int sp_httpc_duplex_fd(const struct sp_httpc_duplex *x)
{
	return x->conn->fd;
}

ssize_t sp_httpc_duplex_send(struct sp_httpc_duplex *x, const void *data, size_t len)
{
	ssize_t n = httpc_conn_send(x->conn, data, len);

	return n >= 0 || n == -EAGAIN ? n : -EPIPE;
}

ssize_t sp_httpc_duplex_recv(struct sp_httpc_duplex *x, void *data, size_t room)
{
	struct sp_buf *in = &x->conn->in;
	ssize_t n;

	if (in->len) {
		n = (ssize_t)(in->len < room ? in->len : room);
		memcpy(data, in->data, (size_t)n);
		sp_buf_consume(in, (size_t)n);
		return n;
	}
	n = httpc_conn_recv(x->conn, data, room);
	return n >= 0 || n == -EAGAIN ? n : -ECONNRESET;
}

void sp_httpc_duplex_free(struct sp_httpc_duplex *x)
{
	if (!x)
		return;
	httpc_conn_free(x->conn);
	free(x);
}

/* 0 with c->conn switched, or the error that the server gave instead. */
static int switch_protocol(struct sp_httpc *c, const struct httpc_request *q, struct sp_err *err)
{
	autobuf struct sp_buf refusal = { .limit = HTTPC_ERROR_BODY_MAX };
	struct httpc_sink sink = { .body = &refusal };
	autojson json_t *error = NULL;
	struct httpc_head head;
	int r;

	httpc_begin(c, false);
	httpc_drop(c); /* a kept one could turn out to be dead, and this request runs a command */
	r = httpc_exchange(c, q, &sink, &head, err);
	if (r < 0 || head.status == 101)
		return r;
	return httpc_refusal(c, head.status, &refusal, &error, err);
}

int sp_httpc_upgrade(struct sp_httpc *c, const char *path, const json_t *body, const char *protocol,
		     struct sp_httpc_duplex **ret, struct sp_err *err)
{
	autofree char *text = body ? sp_json_text(body) : NULL;
	autofree struct sp_httpc_duplex *x = calloc(1, sizeof(*x));
	struct httpc_request q = { .method = "POST",
				   .path = path,
				   .content_type = "application/json",
				   .upgrade = protocol,
				   .body = text ? text : "",
				   .fd = -1,
				   .len = text ? strlen(text) : 0 };
	int r;

	if (!x || (body && !text))
		return sp_fail_nomem(err);
	r = switch_protocol(c, &q, err);
	if (r < 0)
		return r;
	x->conn = take_ptr(c->conn);
	*ret = take_ptr(x);
	return 0;
}
