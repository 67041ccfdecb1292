/*
 * A connection that switches protocols: libcurl connects (TLS, unix sockets and all), the request
 * and the head of the reply are written and read by hand, and from the 101 on the bytes are the
 * caller's.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/httpc_impl.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define STEP 4096

struct sp_httpc_duplex {
	CURL *easy;
	int fd;
	struct sp_buf early; /* came with the reply's head */
};

int sp_httpc_duplex_fd(const struct sp_httpc_duplex *x)
{
	return x->fd;
}

ssize_t sp_httpc_duplex_send(struct sp_httpc_duplex *x, const void *data, size_t len)
{
	size_t n = 0;
	CURLcode code = curl_easy_send(x->easy, data, len, &n);

	if (code == CURLE_AGAIN)
		return -EAGAIN;
	return code == CURLE_OK ? (ssize_t)n : -EPIPE;
}

ssize_t sp_httpc_duplex_recv(struct sp_httpc_duplex *x, void *data, size_t room)
{
	size_t n = 0;
	CURLcode code;

	if (x->early.len) {
		n = x->early.len < room ? x->early.len : room;
		memcpy(data, x->early.data, n);
		sp_buf_consume(&x->early, n);
		return (ssize_t)n;
	}
	code = curl_easy_recv(x->easy, data, room, &n);
	if (code == CURLE_AGAIN)
		return -EAGAIN;
	return code == CURLE_OK ? (ssize_t)n : -ECONNRESET;
}

void sp_httpc_duplex_free(struct sp_httpc_duplex *x)
{
	if (!x)
		return;
	curl_easy_cleanup(x->easy);
	sp_buf_fini(&x->early);
	free(x);
}

static int wait_for(struct sp_httpc *c, const struct sp_httpc_duplex *x, short events,
		    int64_t until_ns, struct sp_err *err)
{
	struct pollfd p = { .fd = x->fd, .events = events };

	while (sp_time_mono_ns() < until_ns) {
		if (atomic_load(&c->interrupted))
			return httpc_fail(c, CURLE_ABORTED_BY_CALLBACK, x->easy, err);
		if (poll(&p, 1, HTTPC_POLL_MS / 10) > 0)
			return 0;
	}
	return sp_fail(err, SP_E_TIMEOUT, "%s at '%s': no answer to the upgrade", c->what,
		       httpc_address(c));
}

static int send_all(struct sp_httpc *c, struct sp_httpc_duplex *x, const struct sp_buf *b,
		    int64_t until_ns, struct sp_err *err)
{
	size_t at = 0;

	while (at < b->len) {
		ssize_t n = sp_httpc_duplex_send(x, b->data + at, b->len - at);
		int r = 0;

		if (n == -EAGAIN)
			r = wait_for(c, x, POLLOUT, until_ns, err);
		else if (n < 0)
			r = httpc_fail(c, CURLE_SEND_ERROR, x->easy, err);
		if (r < 0)
			return r;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* More of the reply into x->early; 0 at its end. */
static ssize_t receive_some(struct sp_httpc *c, struct sp_httpc_duplex *x, int64_t until_ns,
			    struct sp_err *err)
{
	for (;;) {
		char *to = sp_buf_reserve(&x->early, STEP);
		size_t n = 0;
		CURLcode code;
		int r;

		if (!to)
			return sp_buf_check(&x->early, err);
		code = curl_easy_recv(x->easy, to, STEP, &n);
		if (code == CURLE_OK) {
			sp_buf_commit(&x->early, n);
			return (ssize_t)n;
		}
		if (code != CURLE_AGAIN)
			return httpc_fail(c, code, x->easy, err);
		r = wait_for(c, x, POLLIN, until_ns, err);
		if (r < 0)
			return r;
	}
}

/* Read up to the empty line; returns the length of the head. */
static ssize_t receive_head(struct sp_httpc *c, struct sp_httpc_duplex *x, int64_t until_ns,
			    struct sp_err *err)
{
	for (;;) {
		const char *end = x->early.len ? strstr(x->early.data, "\r\n\r\n") : NULL;
		ssize_t n;

		if (end)
			return end + 4 - x->early.data;
		if (x->early.len > HTTPC_HEADERS_MAX)
			return sp_fail(err, SP_E_TOO_LARGE, "%s: a reply head of over %d bytes",
				       c->what, HTTPC_HEADERS_MAX);
		n = receive_some(c, x, until_ns, err);
		if (n == 0)
			return httpc_fail(c, CURLE_GOT_NOTHING, x->easy, err);
		if (n < 0)
			return n;
	}
}

static int status_of(const char *head)
{
	int status = 0;

	return sscanf(head, "HTTP/1.1 %3d", &status) == 1 ? status : 0;
}

/* The value of Content-Length in a head; without one the body goes on to the end. */
static size_t body_length(const char *head)
{
	const char *line = strcasestr(head, "\r\ncontent-length:");
	char digits[24];
	uint64_t len;
	size_t n;

	if (!line)
		return HTTPC_ERROR_BODY_MAX;
	line += strlen("\r\ncontent-length:");
	line += strspn(line, " ");
	n = strspn(line, "0123456789");
	if (n >= sizeof(digits))
		return HTTPC_ERROR_BODY_MAX;
	memcpy(digits, line, n);
	digits[n] = '\0';
	return sp_parse_u64(digits, &len, NULL) == 0 && len < HTTPC_ERROR_BODY_MAX
		       ? (size_t)len
		       : HTTPC_ERROR_BODY_MAX;
}

static int refused(struct sp_httpc *c, struct sp_httpc_duplex *x, int status, size_t head,
		   int64_t until_ns, struct sp_err *err)
{
	size_t want = body_length(x->early.data);
	autojson json_t *error = NULL;
	ssize_t n = 1;

	while (n > 0 && x->early.len < head + want)
		n = receive_some(c, x, until_ns, err);
	if (n < 0)
		return (int)n;
	return httpc_refusal(c, status, x->early.data + head, x->early.len - head, &error, err);
}

/* The host of a base URL: what is between "//" and the next '/'. */
static void append_host(struct sp_buf *b, const char *base_url)
{
	const char *host = strstr(base_url, "//");

	host = host ? host + 2 : base_url;
	sp_buf_append(b, host, strcspn(host, "/"));
}

static int send_request(struct sp_httpc *c, struct sp_httpc_duplex *x, const char *path,
			const json_t *body, const char *protocol, int64_t until_ns,
			struct sp_err *err)
{
	autobuf struct sp_buf b = SP_BUF_INIT;
	autofree char *text = body ? sp_json_text(body) : NULL;
	int r;

	if (body && !text)
		return sp_fail_nomem(err);
	sp_buf_printf(&b, "POST %s HTTP/1.1\r\nHost: ", path);
	append_host(&b, c->base_url);
	sp_buf_printf(&b, "\r\nConnection: Upgrade\r\nUpgrade: %s\r\n", protocol);
	for (const struct curl_slist *h = c->headers; h; h = h->next)
		sp_buf_printf(&b, "%s\r\n", h->data);
	sp_buf_printf(&b, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		      text ? strlen(text) : 0, text ? text : "");
	r = sp_buf_check(&b, err);
	return r < 0 ? r : send_all(c, x, &b, until_ns, err);
}

static int connect_duplex(struct sp_httpc *c, struct sp_httpc_duplex *x, struct sp_err *err)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	CURLcode code;
	int r = httpc_setup(c, x->easy, "", err);

	if (r < 0)
		return r;
	curl_easy_setopt(x->easy, CURLOPT_CONNECT_ONLY, 1L);
	code = curl_easy_perform(x->easy);
	if (code == CURLE_OK)
		code = curl_easy_getinfo(x->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (code != CURLE_OK)
		return httpc_fail(c, code, x->easy, err);
	x->fd = fd;
	return 0;
}

static int switch_protocol(struct sp_httpc *c, struct sp_httpc_duplex *x, const char *path,
			   const json_t *body, const char *protocol, struct sp_err *err)
{
	int64_t until_ns = sp_time_mono_ns() + c->timeout_ns;
	ssize_t head;
	int status, r = connect_duplex(c, x, err);

	if (r < 0)
		return r;
	r = send_request(c, x, path, body, protocol, until_ns, err);
	if (r < 0)
		return r;
	head = receive_head(c, x, until_ns, err);
	if (head < 0)
		return (int)head;
	status = status_of(x->early.data);
	if (status != 101)
		return refused(c, x, status, (size_t)head, until_ns, err);
	sp_buf_consume(&x->early, (size_t)head);
	curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, NULL); /* it is c's, and x may outlive c */
	return 0;
}

int sp_httpc_upgrade(struct sp_httpc *c, const char *path, const json_t *body, const char *protocol,
		     struct sp_httpc_duplex **ret, struct sp_err *err)
{
	struct sp_httpc_duplex *x = calloc(1, sizeof(*x));
	int r;

	if (!x)
		return sp_fail_nomem(err);
	atomic_store(&c->interrupted, false);
	x->easy = curl_easy_init();
	r = x->easy ? switch_protocol(c, x, path, body, protocol, err) : sp_fail_nomem(err);
	if (r < 0) {
		sp_httpc_duplex_free(x);
		return r;
	}
	*ret = x;
	return 0;
}
