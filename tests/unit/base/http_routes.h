/* The routes of the HTTP tests' server, one of each kind, and what their handlers leave behind. */
#pragma once

#include "base/httpd.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/json.h"
#include "base/loop.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "tests/unit/base/pki.h"

enum mode { ON_URING, ON_EPOLL, ON_THREADS };

struct server {
	enum mode mode;
	bool tls;
	int64_t idle_ns;
	unsigned int connections_max;
	char dir[64], socket[128], address[64];
	char pin[SP_DIGEST_MAX];
	struct pki pki;
	struct sp_loop *loop;
	struct sp_httpd *d;
	pthread_t thread;
	int stop_fd;
	eventfd_t stop;
	struct sp_op stop_op;
	atomic_bool ready;
	/* what handlers leave behind */
	_Atomic(struct sp_httpd_req *) waiting;
	_Atomic(struct sp_httpd_req *) streaming;
	atomic_int lines, closed, slots_freed, upgrades_refused, body_calls;
	atomic_int body_bytes;
};

static void get_hello(struct sp_httpd_req *req, void *owner)
{
	const struct sp_http_peer *peer = sp_httpd_peer(req);
	const char *q = sp_httpd_query(req, "q"), *h = sp_httpd_header(req, "X-Test");

	(void)owner;
	sp_httpd_reply_json(req, 200,
			    json_pack("{s:s,s:s,s:s,s:b,s:i,s:s,s:s}", "name",
				      sp_httpd_param(req, "name"), "q", q ? q : "(none)", "header",
				      h ? h : "(none)", "local", peer->local, "uid", (int)peer->uid,
				      "peer", peer->name, "role", peer->role));
}

static void get_rest(struct sp_httpd_req *req, void *owner)
{
	(void)owner;
	sp_httpd_reply_text(req, 200, "text/plain", sp_httpd_param(req, "rest"));
}

static void count_slot(void *p)
{
	atomic_fetch_add((atomic_int *)p, 1);
}

static void post_echo(struct sp_httpd_req *req, void *owner)
{
	struct server *s = owner;

	*sp_httpd_slot(req, count_slot) = &s->slots_freed;
	sp_httpd_reply_text(req, 201, "text/x-echo", sp_httpd_body(req, NULL));
}

static void post_json(struct sp_httpd_req *req, void *owner)
{
	struct sp_err err;
	json_t *json;

	(void)owner;
	if (sp_httpd_body_json(req, &json, &err) < 0)
		sp_httpd_reply_err(req, &err);
	else
		sp_httpd_reply_json(req, 200, json);
}

static int blob_piece(struct sp_httpd_req *req, const void *data, size_t len, void *owner)
{
	struct server *s = owner;
	struct sp_err err;

	atomic_fetch_add(&s->body_calls, 1);
	atomic_fetch_add(&s->body_bytes, (int)len);
	if (len && ((const char *)data)[0] == '!') {
		sp_fail(&err, SP_E_NO_SPACE, "no room for this blob");
		sp_httpd_reply_err(req, &err);
		return -1;
	}
	return 0;
}

static void put_blob(struct sp_httpd_req *req, void *owner)
{
	struct server *s = owner;

	sp_httpd_reply_json(req, 200, json_pack("{s:i}", "bytes", atomic_load(&s->body_bytes)));
}

static void get_error(struct sp_httpd_req *req, void *owner)
{
	struct sp_err err;

	(void)owner;
	sp_fail(&err, SP_E_FENCED, "token %d is old", 7);
	sp_err_at(&err, SP_STAGE_START);
	sp_httpd_reply_err(req, &err);
}

static void get_file(struct sp_httpd_req *req, void *owner)
{
	FILE *f = tmpfile();
	int fd = dup(fileno(f));

	(void)owner;
	cr_assert_eq(sp_write_all(fd, "skipped and sent", 16), 0);
	lseek(fd, 8, SEEK_SET);
	fclose(f);
	sp_httpd_reply_fd(req, 200, "application/octet-stream", fd, 8);
}

static void get_defer(struct sp_httpd_req *req, void *owner)
{
	struct server *s = owner;

	sp_httpd_defer(req);
	atomic_store(&s->waiting, req);
}

static void post_release(struct sp_httpd_req *req, void *owner)
{
	struct server *s = owner;
	struct sp_httpd_req *waiting = atomic_exchange(&s->waiting, NULL);

	if (waiting)
		sp_httpd_reply_text(waiting, 200, "text/plain", "released");
	sp_httpd_reply_json(req, 200, json_pack("{s:b}", "released", waiting != NULL));
}

/* A stream of as many lines as have been asked for with POST /line; ends at the 1000th. */
struct lines {
	struct server *s;
	int sent;
};

static ssize_t read_lines(void *state, char *buf, size_t room)
{
	struct lines *l = state;
	size_t n = 0;

	if (l->sent == 1000)
		return -1;
	while (l->sent < atomic_load(&l->s->lines) && l->sent < 1000 && room - n > 16)
		n += (size_t)snprintf(buf + n, room - n, "line %d\n", l->sent++);
	return (ssize_t)n;
}

static void close_lines(void *state)
{
	struct lines *l = state;

	atomic_store(&l->s->streaming, NULL);
	atomic_fetch_add(&l->s->closed, 1);
	free(l);
}

static void reply_lines(struct sp_httpd_req *req, struct server *s)
{
	struct lines *l = calloc(1, sizeof(*l));

	l->s = s;
	sp_httpd_reply_stream(req, 200, "text/plain",
			      (struct sp_httpd_source){ read_lines, close_lines, l });
}

static void get_lines(struct sp_httpd_req *req, void *owner)
{
	struct server *s = owner;

	atomic_store(&s->streaming, req);
	reply_lines(req, s);
}

static void post_release_lines(struct sp_httpd_req *req, void *owner)
{
	struct server *s = owner;
	struct sp_httpd_req *waiting = atomic_exchange(&s->waiting, NULL);

	reply_lines(waiting, s);
	sp_httpd_reply_json(req, 200, json_object());
}

static void post_line(struct sp_httpd_req *req, void *owner)
{
	struct server *s = owner;
	const char *n = sp_httpd_query(req, "n");
	uint32_t count = 1;
	struct sp_httpd_req *streaming;

	if (n)
		cr_assert_eq(sp_parse_u32(n, &count, NULL), 0);
	atomic_fetch_add(&s->lines, (int)count);
	streaming = atomic_load(&s->streaming);
	if (streaming)
		sp_httpd_wake(streaming);
	sp_httpd_reply_json(req, 200, json_object());
}

/* Upgraded connections echo, with a thread or with ops as the server's mode wants it. */
struct echo {
	struct server *s;
	int fd;
	void *handle;
	struct sp_op op;
	char buf[256];
	pthread_t thread;
};

static void echo_read(struct echo *e);

static void on_echo_written(struct sp_op *op, int res, bool more)
{
	struct echo *e = op->owner;

	(void)res;
	(void)more;
	echo_read(e);
}

static void on_echo_read(struct sp_op *op, int res, bool more)
{
	struct echo *e = op->owner;

	(void)more;
	if (res <= 0) {
		sp_httpd_upgrade_done(e->handle);
		free(e);
		return;
	}
	op->fn = on_echo_written;
	sp_op_write(e->s->loop, op, e->fd, e->buf, (size_t)res, -1);
}

static void echo_read(struct echo *e)
{
	e->op.fn = on_echo_read;
	e->op.owner = e;
	sp_op_read(e->s->loop, &e->op, e->fd, e->buf, sizeof(e->buf), -1);
}

static void *run_echo(void *arg)
{
	struct echo *e = arg;
	struct pollfd p = { .fd = e->fd, .events = POLLIN };
	ssize_t n;

	pthread_detach(pthread_self());
	while (poll(&p, 1, -1) > 0 && (n = read(e->fd, e->buf, sizeof(e->buf))) > 0)
		cr_assert_eq(write(e->fd, e->buf, (size_t)n), n);
	sp_httpd_upgrade_done(e->handle);
	free(e);
	return NULL;
}

static void on_upgraded(void *state, int fd, const char *early, size_t early_len, void *handle)
{
	struct server *s = state;
	struct echo *e;

	if (fd < 0) {
		atomic_fetch_add(&s->upgrades_refused, 1);
		return;
	}
	if (early_len)
		cr_assert_eq(write(fd, early, early_len), (ssize_t)early_len);
	e = calloc(1, sizeof(*e));
	*e = (struct echo){ .s = s, .fd = fd, .handle = handle };
	if (s->loop)
		echo_read(e);
	else
		cr_assert_eq(pthread_create(&e->thread, NULL, run_echo, e), 0);
}

static void post_upgrade(struct sp_httpd_req *req, void *owner)
{
	sp_httpd_upgrade(req, "echo/1", on_upgraded, owner);
}

enum { OPEN, CONTROL_ONLY };

static const struct sp_httpd_route routes[] = {
	{ .method = "GET", .pattern = "/hello/{name}", .fn = get_hello },
	{ .method = "GET", .pattern = "/rest/{rest...}", .fn = get_rest },
	{ .method = "GET", .pattern = "/control", .fn = get_error, .tag = CONTROL_ONLY },
	{ .method = "POST", .pattern = "/control", .fn = post_echo, .tag = CONTROL_ONLY },
	{ .method = "POST", .pattern = "/echo", .fn = post_echo },
	{ .method = "POST", .pattern = "/small", .fn = post_echo, .body_max = 16 },
	{ .method = "POST", .pattern = "/json", .fn = post_json },
	{ .method = "PUT",
	  .pattern = "/blob",
	  .fn = put_blob,
	  .on_body = blob_piece,
	  .body_max = 8 << 20 },
	{ .method = "GET", .pattern = "/error", .fn = get_error },
	{ .method = "GET", .pattern = "/file", .fn = get_file },
	{ .method = "GET", .pattern = "/defer", .fn = get_defer },
	{ .method = "POST", .pattern = "/release", .fn = post_release },
	{ .method = "POST", .pattern = "/release-lines", .fn = post_release_lines },
	{ .method = "GET", .pattern = "/lines", .fn = get_lines },
	{ .method = "POST", .pattern = "/line", .fn = post_line },
	{ .method = "POST", .pattern = "/upgrade", .fn = post_upgrade },
	{ 0 },
};

static bool authorize(const struct sp_http_peer *peer, const struct sp_httpd_route *route,
		      void *owner)
{
	(void)owner;
	return route->tag == OPEN || (!peer->local && sp_str_eq(peer->role, "control"));
}
