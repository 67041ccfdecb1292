/*
 * The fixture of the HTTP tests: a server with the routes of http_routes.h, and clients for it.
 * Every test runs on a loop over io_uring, on a loop over epoll and with threads, each over a unix
 * socket and over mutual TLS.
 */
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

#include "base/httpc.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "tests/unit/base/http_routes.h"

#define WAIT_MAX (20 * SP_NS_PER_S) /* a test that waits longer hangs */

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
				      .connections_max = s->connections_max,
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

__attribute__((unused)) static void wait_count(const atomic_int *count, int want)
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
__attribute__((unused)) static struct sp_httpc *client_of(struct server *s, const char *name,
							  const char *ca)
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

__attribute__((unused)) static struct sp_httpc *client(struct server *s)
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

__attribute__((unused)) static const char *member(const json_t *json, const char *key)
{
	const char *s = json_string_value(json_object_get(json, key));

	return s ? s : "(absent)";
}

__attribute__((unused)) static int status_of(struct sp_httpc *c, const char *method,
					     const char *path, const void *body, size_t len)
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
