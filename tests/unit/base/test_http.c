/*
 * HTTP server and client against each other: every test runs on a loop over io_uring, on a loop
 * over epoll and with threads, each over a unix socket and over mutual TLS.
 */
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

#include "base/httpc.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "tests/unit/base/pki.h"

#define WAIT_MAX (20 * SP_NS_PER_S) /* a test that waits longer hangs */

enum mode { ON_URING, ON_EPOLL, ON_THREADS };

struct server {
	enum mode mode;
	bool tls;
	int64_t idle_ns;
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

/* ---- handlers ---- */

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

static void get_lines(struct sp_httpd_req *req, void *owner)
{
	struct lines *l = calloc(1, sizeof(*l));

	l->s = owner;
	atomic_store(&l->s->streaming, req);
	sp_httpd_reply_stream(req, 200, "text/plain",
			      (struct sp_httpd_source){ read_lines, close_lines, l });
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

/* ---- the server, in a thread of its own ---- */

static void pem(const struct server *s, const char *name, const char *end, char ret[128])
{
	snprintf(ret, 128, "%s/%s%s", s->dir, name, end);
}

static void start(struct server *s)
{
	char cert[128], key[128], ca[128];
	struct sp_err err = { 0 };
	struct sp_httpd_conf conf = { .routes = routes,
				      .authorize = authorize,
				      .owner = s,
				      .loop = s->loop,
				      .idle_timeout_ns = s->idle_ns };

	pem(s, "server", ".crt", cert);
	pem(s, "server", ".key", key);
	pem(s, "ca", ".crt", ca);
	if (s->tls) {
		conf.tls_address = "127.0.0.1:0";
		conf.cert_file = cert, conf.key_file = key, conf.ca_file = ca;
	} else {
		conf.unix_path = s->socket;
	}
	cr_assert_eq(sp_httpd_new(&conf, &s->d, &err), 0, "%s", err.message);
	if (s->tls)
		snprintf(s->address, sizeof(s->address), "https://127.0.0.1:%u",
			 sp_httpd_port(s->d));
	else
		snprintf(s->address, sizeof(s->address), "http://localhost");
}

static void on_stop(struct sp_op *op, int res, bool more)
{
	struct server *s = op->owner;

	(void)res;
	(void)more;
	sp_loop_stop(s->loop);
}

static void *run_loop(void *arg)
{
	struct server *s = arg;
	enum sp_loop_backend kind = s->mode == ON_EPOLL ? SP_LOOP_EPOLL : SP_LOOP_URING;

	cr_assert_eq(sp_loop_new(kind, &s->loop, NULL), 0);
	s->stop_op = (struct sp_op){ .fn = on_stop, .owner = s };
	sp_op_read(s->loop, &s->stop_op, s->stop_fd, &s->stop, sizeof(s->stop), -1);
	start(s);
	atomic_store(&s->ready, true);
	cr_assert_eq(sp_loop_run(s->loop, NULL), 0);
	sp_httpd_free(s->d);
	for (int i = 0; i < 20; i++)
		cr_assert_eq(sp_loop_run_once(s->loop, SP_NS_PER_MS, NULL), 0);
	sp_loop_free(s->loop);
	return NULL;
}

static void wait_until(const atomic_bool *flag)
{
	for (int64_t end = sp_time_mono_ns() + WAIT_MAX; !atomic_load(flag);) {
		cr_assert_lt(sp_time_mono_ns(), end, "waited too long");
		poll(NULL, 0, 1);
	}
}

static void wait_count(const atomic_int *count, int want)
{
	for (int64_t end = sp_time_mono_ns() + WAIT_MAX; atomic_load(count) < want;) {
		cr_assert_lt(sp_time_mono_ns(), end, "waited too long");
		poll(NULL, 0, 1);
	}
}

static void server_open(struct server *s)
{
	snprintf(s->dir, sizeof(s->dir), "/tmp/sp-http-XXXXXX");
	cr_assert_not_null(mkdtemp(s->dir));
	snprintf(s->socket, sizeof(s->socket), "%s/socket", s->dir);
	if (s->tls) {
		pki_open(&s->pki, s->dir, "ca", s->pin);
		pki_issue(&s->pki, "server", "node");
		pki_issue(&s->pki, "controld", "control");
		pki_issue(&s->pki, "alice", "operator");
	}
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->mode == ON_THREADS) {
		start(s);
		return;
	}
	cr_assert_eq(pthread_create(&s->thread, NULL, run_loop, s), 0);
	wait_until(&s->ready);
}

static void server_close(struct server *s)
{
	if (s->mode == ON_THREADS) {
		sp_httpd_free(s->d);
	} else {
		cr_assert_eq(eventfd_write(s->stop_fd, 1), 0);
		pthread_join(s->thread, NULL);
	}
	close(s->stop_fd);
	if (s->tls)
		pki_close(&s->pki);
	cr_expect_eq(sp_remove_tree_at(AT_FDCWD, s->dir, NULL), 0);
}

/* A client that is `name` of the authority `ca`; NULL for no certificate. */
static struct sp_httpc *client_of(struct server *s, const char *name, const char *ca)
{
	char cert[128], key[128], authority[128];
	struct sp_httpc_conf conf = { .base_url = s->address, .what = "node 'test'" };
	struct sp_httpc *c = NULL;

	pem(s, name ? name : "", ".crt", cert);
	pem(s, name ? name : "", ".key", key);
	pem(s, ca, ".crt", authority);
	if (s->tls) {
		conf.ca_file = authority;
		conf.cert_file = name ? cert : NULL, conf.key_file = name ? key : NULL;
	} else {
		conf.unix_path = s->socket;
	}
	cr_assert_eq(sp_httpc_new(&conf, &c, NULL), 0);
	return c;
}

static struct sp_httpc *client(struct server *s)
{
	return client_of(s, "controld", "ca");
}

static void with_server(enum mode mode, bool tls, void (*body)(struct server *s), int64_t idle_ns)
{
	struct server *s = calloc(1, sizeof(*s));
	struct sp_loop *probe = NULL;

	if (mode == ON_URING && sp_loop_new(SP_LOOP_URING, &probe, NULL) < 0)
		cr_skip_test("io_uring is refused here");
	sp_loop_free(probe);
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	s->mode = mode;
	s->tls = tls;
	s->idle_ns = idle_ns;
	server_open(s);
	body(s);
	server_close(s);
	free(s);
}

#define HTTP_TEST_IDLE(name, idle_ns)                          \
	static void name(struct server *s);                    \
	Test(uring_unix, name)                                 \
	{                                                      \
		with_server(ON_URING, false, name, idle_ns);   \
	}                                                      \
	Test(uring_tls, name)                                  \
	{                                                      \
		with_server(ON_URING, true, name, idle_ns);    \
	}                                                      \
	Test(epoll_unix, name)                                 \
	{                                                      \
		with_server(ON_EPOLL, false, name, idle_ns);   \
	}                                                      \
	Test(epoll_tls, name)                                  \
	{                                                      \
		with_server(ON_EPOLL, true, name, idle_ns);    \
	}                                                      \
	Test(threads_unix, name)                               \
	{                                                      \
		with_server(ON_THREADS, false, name, idle_ns); \
	}                                                      \
	Test(threads_tls, name)                                \
	{                                                      \
		with_server(ON_THREADS, true, name, idle_ns);  \
	}                                                      \
	static void name(struct server *s)
#define HTTP_TEST(name) HTTP_TEST_IDLE(name, 0)

static const char *member(const json_t *json, const char *key)
{
	const char *s = json_string_value(json_object_get(json, key));

	return s ? s : "(absent)";
}

/* ---- requests and replies ---- */

HTTP_TEST(a_request_is_taken_apart_and_decoded)
{
	struct sp_httpc *c = client(s);
	autojson json_t *json = NULL;
	struct sp_err err = { 0 };

	cr_assert_eq(sp_httpc_header(c, "X-Test", "yes", NULL), 0);
	cr_assert_eq(sp_httpc_json(c, "GET", "/hello/a%2Fb%20c?q=x%26y", NULL, &json, &err), 0,
		     "%s", err.message);
	cr_expect_str_eq(member(json, "name"), "a/b c");
	cr_expect_str_eq(member(json, "q"), "x&y");
	cr_expect_str_eq(member(json, "header"), "yes");
	if (s->tls) {
		cr_expect_str_eq(member(json, "peer"), "controld");
		cr_expect_str_eq(member(json, "role"), "control");
	} else {
		cr_expect(json_is_true(json_object_get(json, "local")));
		cr_expect_eq(json_integer_value(json_object_get(json, "uid")), getuid());
	}
	sp_httpc_free(c);
}

static int status_of(struct sp_httpc *c, const char *method, const char *path, const void *body,
		     size_t len)
{
	struct sp_http_reply reply;
	struct sp_err err = { 0 };
	int status;

	cr_assert_eq(sp_httpc_call(c, method, path, body, len, "text/plain", &reply, &err), 0,
		     "%s %s: %s", method, path, err.message);
	status = reply.status;
	sp_http_reply_fini(&reply);
	return status;
}

HTTP_TEST(every_request_gets_its_status)
{
	static const struct {
		const char *method, *path, *body;
		int status;
	} table[] = {
		{ "GET", "/hello/x", NULL, 200 },
		{ "HEAD", "/hello/x", NULL, 200 },
		{ "GET", "/hello/", NULL, 404 },
		{ "GET", "/hello/x/y", NULL, 404 },
		{ "GET", "/nothing", NULL, 404 },
		{ "DELETE", "/hello/x", NULL, 405 },
		{ "GET", "/hello/%00", NULL, 400 },
		{ "GET", "/hello/%zz", NULL, 400 },
		{ "GET", "/hello/%4", NULL, 400 },
		{ "GET", "/hello/x?q=%00", NULL, 400 },
		{ "POST", "/small", "0123456789abcdef", 201 },
		{ "POST", "/small", "0123456789abcdef0", 413 },
		{ "POST", "/json", "{\"a\": 1}", 200 },
		{ "POST", "/json", "{\"a\": 1, \"a\": 2}", 400 },
		{ "POST", "/json", "", 400 },
		{ "GET", "/error", NULL, 412 },
	};
	struct sp_httpc *c = client(s);

	for (size_t i = 0; i < SP_COUNT(table); i++)
		cr_expect_eq(status_of(c, table[i].method, table[i].path, table[i].body,
				       table[i].body ? strlen(table[i].body) : 0),
			     table[i].status, "%s %s", table[i].method, table[i].path);
	sp_httpc_free(c);
}

HTTP_TEST(bodies_and_files_arrive_whole)
{
	struct sp_httpc *c = client(s);
	struct sp_http_reply reply;
	size_t len = 300000;
	autofree char *text = malloc(len + 1);

	memset(text, 'x', len);
	text[len] = '\0';
	cr_assert_eq(sp_httpc_call(c, "POST", "/echo", text, len, "text/plain", &reply, NULL), 0);
	cr_expect_eq(reply.status, 201);
	cr_expect_str_eq(reply.content_type, "text/x-echo");
	cr_expect_eq(reply.body.len, len);
	cr_expect(reply.body.len == len && !memcmp(reply.body.data, text, len));
	sp_http_reply_fini(&reply);
	wait_count(&s->slots_freed, 1);
	cr_assert_eq(sp_httpc_call(c, "GET", "/file", NULL, 0, NULL, &reply, NULL), 0);
	cr_expect_str_eq(reply.body.data, "and sent");
	sp_http_reply_fini(&reply);
	cr_assert_eq(sp_httpc_call(c, "GET", "/rest/a/b%20/c:d", NULL, 0, NULL, &reply, NULL), 0);
	cr_expect_str_eq(reply.body.data, "a/b /c:d");
	sp_http_reply_fini(&reply);
	sp_httpc_free(c);
}

HTTP_TEST(an_error_keeps_its_code_stage_and_message)
{
	struct sp_httpc *c = client(s);
	autojson json_t *error = NULL;
	struct sp_err err = { 0 };

	cr_expect_eq(sp_httpc_json(c, "GET", "/error", NULL, &error, &err), -ESTALE);
	cr_expect_eq(err.code, SP_E_FENCED);
	cr_expect_eq(err.stage, SP_STAGE_START);
	cr_expect_str_eq(err.message, "token 7 is old");
	cr_expect_str_eq(member(error, "code"), "fenced");
	sp_httpc_free(c);
}

static int file_of(size_t len, char first)
{
	FILE *f = tmpfile();
	int fd = dup(fileno(f));

	fclose(f);
	cr_assert_eq(ftruncate(fd, (off_t)len), 0);
	cr_assert_eq(pwrite(fd, &first, 1, 0), 1);
	return fd;
}

HTTP_TEST(an_upload_streams_through_the_body_callback)
{
	struct sp_httpc *c = client(s);
	autojson json_t *json = NULL;
	struct sp_err err = { 0 };
	int fd = file_of(3000000, 'x');

	cr_assert_eq(sp_httpc_upload(c, "PUT", "/blob", fd, 3000000, &json, &err), 0, "%s",
		     err.message);
	cr_expect_eq(json_integer_value(json_object_get(json, "bytes")), 3000000);
	cr_expect_gt(atomic_load(&s->body_calls), 10, "in pieces");
	close(fd);
	sp_httpc_free(c);
}

HTTP_TEST(a_refused_upload_tells_why)
{
	struct sp_httpc *c = client(s);
	struct sp_err err = { 0 };
	int fd = file_of(3000000, '!'), big = file_of(9 << 20, 'x');

	cr_expect_lt(sp_httpc_upload(c, "PUT", "/blob", fd, 3000000, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_NO_SPACE, "%s", err.message);
	cr_expect_lt(sp_httpc_upload(c, "PUT", "/blob", big, 9 << 20, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_TOO_LARGE, "%s", err.message);
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200, "and the server goes on");
	close(fd);
	close(big);
	sp_httpc_free(c);
}

/* ---- who may ---- */

HTTP_TEST(the_peer_decides_before_the_body)
{
	struct sp_httpc *c = client_of(s, "alice", "ca");
	struct sp_err err = { 0 };

	cr_expect_lt(sp_httpc_json(c, "GET", "/control", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_DENIED);
	cr_expect(strstr(err.message, s->tls ? "'alice' with role 'operator'" : "user id"), "%s",
		  err.message);
	cr_expect_eq(status_of(c, "POST", "/control", "body", 4), 403);
	cr_expect_eq(atomic_load(&s->slots_freed), 0, "no handler ran");
	sp_httpc_free(c);
}

HTTP_TEST(the_role_control_may_and_no_certificate_may_not)
{
	struct sp_httpc *c = client(s), *nobody = client_of(s, NULL, "ca");

	cr_expect_eq(status_of(c, "GET", "/control", NULL, 0), s->tls ? 412 : 403);
	cr_expect_eq(status_of(nobody, "GET", "/control", NULL, 0), 403);
	cr_expect_eq(status_of(nobody, "GET", "/hello/x", NULL, 0), 200, "an open route");
	sp_httpc_free(c);
	sp_httpc_free(nobody);
}

HTTP_TEST(strangers_are_refused_both_ways)
{
	struct sp_httpc *c, *victim;
	char pin[SP_DIGEST_MAX];
	struct sp_err err = { 0 };
	struct pki other;

	if (!s->tls)
		return;
	pki_open(&other, s->dir, "otherca", pin);
	pki_issue(&other, "mallory", "control");
	c = client_of(s, "mallory", "ca");
	cr_expect_lt(sp_httpc_json(c, "GET", "/hello/x", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_DENIED, "a certificate of another authority: %s", err.message);
	victim = client_of(s, "controld", "otherca");
	cr_expect_lt(sp_httpc_json(victim, "GET", "/hello/x", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_DENIED, "a server of another authority: %s", err.message);
	cr_expect(strstr(err.message, "node 'test'") && strstr(err.message, "certificate"), "%s",
		  err.message);
	sp_httpc_free(c);
	sp_httpc_free(victim);
	pki_close(&other);
}

HTTP_TEST(an_authority_can_be_known_by_its_fingerprint)
{
	struct sp_httpc_conf conf = { .base_url = s->address, .ca_pin = s->pin };
	char wrong[SP_DIGEST_MAX];
	struct sp_httpc *c = NULL;
	struct sp_err err = { 0 };

	if (!s->tls)
		return;
	cr_assert_eq(sp_httpc_new(&conf, &c, NULL), 0);
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200);
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200);
	sp_httpc_free(c);
	cr_assert_eq(sp_digest_of("other", 5, wrong, NULL), 0);
	conf.ca_pin = wrong;
	cr_assert_eq(sp_httpc_new(&conf, &c, NULL), 0);
	cr_expect_lt(sp_httpc_json(c, "GET", "/hello/x", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_DENIED, "%s", err.message);
	sp_httpc_free(c);
}

/* ---- replies that take their time ---- */

struct call {
	struct server *s;
	const char *path;
	int status, result;
	struct sp_err err;
	pthread_t thread;
	struct sp_httpc *c;
	atomic_int bytes;
	int stop_at;
};

static void *run_call(void *arg)
{
	struct call *k = arg;
	struct sp_http_reply reply = { 0 };

	k->result = sp_httpc_call(k->c, "GET", k->path, NULL, 0, NULL, &reply, &k->err);
	k->status = reply.status;
	if (k->result == 0)
		sp_http_reply_fini(&reply);
	return NULL;
}

static void wait_for_request(_Atomic(struct sp_httpd_req *) *slot)
{
	for (int64_t end = sp_time_mono_ns() + WAIT_MAX; !atomic_load(slot);) {
		cr_assert_lt(sp_time_mono_ns(), end, "waited too long");
		poll(NULL, 0, 1);
	}
}

HTTP_TEST(a_deferred_reply_holds_up_nobody_else)
{
	struct call k = { .s = s, .path = "/defer", .c = client(s) };
	struct sp_httpc *c = client(s);

	pthread_create(&k.thread, NULL, run_call, &k);
	wait_for_request(&s->waiting);
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200);
	cr_expect_eq(status_of(c, "POST", "/release", "", 0), 200);
	pthread_join(k.thread, NULL);
	cr_expect_eq(k.status, 200, "%s", k.err.message);
	sp_httpc_free(k.c);
	sp_httpc_free(c);
}

HTTP_TEST(a_call_can_be_interrupted_and_its_late_reply_is_harmless)
{
	struct call k = { .s = s, .path = "/defer", .c = client(s) };
	struct sp_httpc *c = client(s);

	pthread_create(&k.thread, NULL, run_call, &k);
	wait_for_request(&s->waiting);
	sp_httpc_interrupt(k.c);
	pthread_join(k.thread, NULL);
	cr_expect_eq(k.err.code, SP_E_INTERRUPTED);
	sp_httpc_free(k.c);
	cr_expect_eq(status_of(c, "POST", "/release", "", 0), 200);
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200);
	sp_httpc_free(c);
}

HTTP_TEST(a_call_has_a_time_limit)
{
	struct sp_httpc *c = client(s);
	struct sp_err err = { 0 };

	sp_httpc_set_timeout(c, 50 * SP_NS_PER_MS);
	cr_expect_eq(sp_httpc_json(c, "GET", "/defer", NULL, NULL, &err), -ETIMEDOUT);
	cr_expect_eq(err.code, SP_E_TIMEOUT, "%s", err.message);
	sp_httpc_set_timeout(c, 0);
	cr_expect_eq(status_of(c, "POST", "/release", "", 0), 200);
	sp_httpc_free(c);
}

static int on_bytes(void *state, const char *data, size_t len)
{
	struct call *k = state;

	(void)data;
	return atomic_fetch_add(&k->bytes, (int)len) + (int)len >= k->stop_at;
}

static void *run_stream(void *arg)
{
	struct call *k = arg;

	k->result = sp_httpc_stream(k->c, "GET", k->path, on_bytes, k, &k->status, &k->err);
	return NULL;
}

HTTP_TEST(a_stream_sleeps_and_is_woken_until_its_end)
{
	struct call k = { .s = s, .path = "/lines", .c = client(s), .stop_at = 1 << 30 };
	struct sp_httpc *c = client(s);

	pthread_create(&k.thread, NULL, run_stream, &k);
	wait_for_request(&s->streaming);
	cr_expect_eq(status_of(c, "POST", "/line", "", 0), 200);
	wait_count(&k.bytes, 7);
	cr_expect_eq(status_of(c, "POST", "/line", "", 0), 200);
	wait_count(&k.bytes, 14);
	cr_expect_eq(status_of(c, "POST", "/line?n=998", "", 0), 200);
	pthread_join(k.thread, NULL);
	cr_expect_eq(k.result, 0, "%s", k.err.message);
	cr_expect_eq(k.bytes, 10 * 7 + 90 * 8 + 900 * 9);
	wait_count(&s->closed, 1);
	cr_expect_eq(s->closed, 1);
	sp_httpc_free(k.c);
	sp_httpc_free(c);
}

HTTP_TEST(a_client_that_goes_away_closes_the_source_once)
{
	struct call k = { .s = s, .path = "/lines", .c = client(s), .stop_at = 1 };
	struct sp_httpc *c = client(s);

	pthread_create(&k.thread, NULL, run_stream, &k);
	wait_for_request(&s->streaming);
	cr_expect_eq(status_of(c, "POST", "/line", "", 0), 200);
	pthread_join(k.thread, NULL);
	cr_expect_eq(k.result, 0, "ended by the client's own wish: %s", k.err.message);
	sp_httpc_free(k.c);
	wait_count(&s->closed, 1); /* nothing more is written: the server sees it go by itself */
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200);
	cr_expect_eq(s->closed, 1);
	sp_httpc_free(c);
}

HTTP_TEST(a_refused_stream_is_an_error)
{
	struct call k = { .s = s, .path = "/error", .c = client(s), .stop_at = 1 };

	run_stream(&k);
	cr_expect_eq(k.err.code, SP_E_FENCED);
	cr_expect_eq(k.status, 412);
	cr_expect_eq(k.bytes, 0);
	sp_httpc_free(k.c);
}

HTTP_TEST(the_server_can_go_while_clients_wait)
{
	struct call defer = { .s = s, .path = "/defer", .c = client(s) };
	struct call stream = { .s = s, .path = "/lines", .c = client(s), .stop_at = 1 << 30 };
	struct sp_httpd_req *waiting;

	pthread_create(&defer.thread, NULL, run_call, &defer);
	pthread_create(&stream.thread, NULL, run_stream, &stream);
	wait_for_request(&s->waiting);
	wait_for_request(&s->streaming);
	server_close(s);
	pthread_join(defer.thread, NULL);
	pthread_join(stream.thread, NULL);
	cr_expect_eq(defer.err.code, SP_E_UNREACHABLE, "%s", defer.err.message);
	cr_expect_lt(stream.result, 0);
	cr_expect_eq(s->closed, 1);
	waiting = atomic_exchange(&s->waiting, NULL);
	sp_httpd_reply_text(waiting, 200, "text/plain", "nobody hears this");
	sp_httpc_free(defer.c);
	sp_httpc_free(stream.c);
	atomic_store(&s->ready, false);
	server_open(s);
}

/* ---- upgrade ---- */

static void receive(struct sp_httpc_duplex *x, char *buf, size_t len)
{
	for (size_t at = 0; at < len;) {
		struct pollfd p = { .fd = sp_httpc_duplex_fd(x), .events = POLLIN };
		ssize_t n = sp_httpc_duplex_recv(x, buf + at, len - at);

		if (n == -EAGAIN) {
			cr_assert_gt(poll(&p, 1, 10000), 0, "no echo");
			continue;
		}
		cr_assert_gt(n, 0);
		at += (size_t)n;
	}
}

HTTP_TEST(an_upgraded_connection_carries_bytes_both_ways)
{
	struct sp_httpc *c = client(s);
	struct sp_httpc_duplex *x = NULL;
	autojson json_t *body = json_pack("{s:s}", "command", "cat");
	struct sp_err err = { 0 };
	char buf[64];

	cr_assert_eq(sp_httpc_upgrade(c, "/upgrade", body, "echo/1", &x, &err), 0, "%s",
		     err.message);
	for (int i = 0; i < 20; i++) {
		int len = snprintf(buf, sizeof(buf), "message %d", i);
		char back[64] = { 0 };

		cr_assert_eq(sp_httpc_duplex_send(x, buf, (size_t)len), len);
		receive(x, back, (size_t)len);
		cr_assert_str_eq(back, buf);
	}
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200, "others are served meanwhile");
	sp_httpc_duplex_free(x);
	sp_httpc_free(c);
}

HTTP_TEST(an_upgrade_can_be_refused)
{
	struct sp_httpc *c = client(s);
	struct sp_httpc_duplex *x = NULL;
	struct sp_err err = { 0 };

	cr_expect_lt(sp_httpc_upgrade(c, "/upgrade", NULL, "other/1", &x, &err), 0);
	cr_expect_eq(atomic_load(&s->upgrades_refused), 1);
	cr_expect_lt(sp_httpc_upgrade(c, "/nothing", NULL, "echo/1", &x, &err), 0);
	cr_expect_eq(err.code, SP_E_NOT_FOUND, "%s", err.message);
	cr_expect_null(x);
	sp_httpc_free(c);
}

HTTP_TEST(the_server_can_go_while_a_connection_is_upgraded)
{
	struct sp_httpc *c = client(s);
	struct sp_httpc_duplex *x = NULL;
	char byte = 'x';

	cr_assert_eq(sp_httpc_upgrade(c, "/upgrade", NULL, "echo/1", &x, NULL), 0);
	cr_assert_eq(sp_httpc_duplex_send(x, &byte, 1), 1);
	receive(x, &byte, 1);
	server_close(s);
	sp_httpc_duplex_free(x);
	sp_httpc_free(c);
	atomic_store(&s->ready, false);
	server_open(s);
}

/* ---- clients that misbehave ---- */

static int raw_connect(struct server *s)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, s->socket, strlen(s->socket) + 1);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int raw_status(struct server *s, const char *request)
{
	struct timeval limit = { .tv_sec = 10 };
	char reply[4096] = { 0 };
	int fd = raw_connect(s), status = 0;
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	cr_assert_eq(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	n = read(fd, reply, sizeof(reply) - 1);
	close(fd);
	if (n > 0)
		sscanf(reply, "HTTP/1.%*d %3d", &status);
	return status;
}

HTTP_TEST(garbage_is_answered_with_an_error_or_just_closed)
{
	static const char *const garbage[] = {
		"\x16\x03\x01 no such thing\r\n\r\n",
		"GET\r\n\r\n",
		"hello\r\n\r\n",
		"GET nopath HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /hello/x HTTP/1.1\r\n\r\n",
		"GET /hello/x HTTP/3.7\r\nHost: x\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\nabcde",
		"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
	};
	struct sp_httpc *c = client(s);

	for (size_t i = 0; !s->tls && i < SP_COUNT(garbage); i++) {
		int status = raw_status(s, garbage[i]);

		cr_expect(status == 0 || (status >= 400 && status < 600), "request %zu: %d", i,
			  status);
	}
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200);
	sp_httpc_free(c);
}

HTTP_TEST(a_head_without_end_is_refused)
{
	autobuf struct sp_buf b = SP_BUF_INIT;
	struct sp_httpc *c = client(s);

	sp_buf_puts(&b, "GET /hello/x HTTP/1.1\r\nHost: x\r\nX: ");
	for (int i = 0; i < 100000; i++)
		sp_buf_putc(&b, 'a');
	if (!s->tls) {
		int status = raw_status(s, b.data);

		cr_expect(status == 431 || status == 413, "%d", status);
	}
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200);
	sp_httpc_free(c);
}

/* One byte of a head every 20 ms, for ever: silence never lasts, and yet it is over at the limit.
 */
HTTP_TEST_IDLE(a_slow_head_is_cut_off, 200 * SP_NS_PER_MS)
{
	int64_t end = sp_time_mono_ns() + WAIT_MAX;
	int fd;

	if (s->tls)
		return;
	fd = raw_connect(s);
	cr_assert_eq(send(fd, "GET / HTTP/1.1\r\n", 16, MSG_NOSIGNAL), 16);
	while (send(fd, "x", 1, MSG_NOSIGNAL) == 1) {
		cr_assert_lt(sp_time_mono_ns(), end, "nobody cut it off");
		poll(NULL, 0, 20);
	}
	close(fd);
}

HTTP_TEST(a_chunked_body_over_the_cap_is_413)
{
	if (s->tls)
		return;
	cr_expect_eq(raw_status(s,
				"POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
				"\r\n14\r\n0123456789abcdef0123\r\n0\r\n\r\n"),
		     413);
}

Test(http, nobody_there_is_unreachable_and_says_where)
{
	struct sp_httpc_conf conf = { .base_url = "http://localhost",
				      .unix_path = "/nonexistent/socket",
				      .what = "node 'worker1'" };
	struct sp_httpc *c = NULL;
	struct sp_err err = { 0 };

	cr_assert_eq(sp_httpc_new(&conf, &c, NULL), 0);
	cr_expect_eq(sp_httpc_json(c, "GET", "/", NULL, NULL, &err), -EHOSTUNREACH);
	cr_expect(strstr(err.message, "node 'worker1' at '/nonexistent/socket'"), "%s",
		  err.message);
	sp_httpc_free(c);
	sp_httpc_free(NULL);
}

Test(http, only_a_socket_is_ever_replaced)
{
	char dir[] = "/tmp/sp-http-XXXXXX", path[64];
	struct sp_httpd_conf conf = { .routes = routes, .authorize = authorize, .unix_path = path };
	struct sp_httpd *d = NULL;
	struct sp_err err = { 0 };

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	cr_expect_eq(sp_httpd_new(&conf, &d, &err), -EEXIST);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(sp_httpd_new(&conf, &d, &err), 0);
	sp_httpd_free(d);
	cr_expect_lt(access(path, F_OK), 0, "and it is gone with the server");
	cr_expect_eq(sp_remove_tree_at(AT_FDCWD, dir, NULL), 0);
}
