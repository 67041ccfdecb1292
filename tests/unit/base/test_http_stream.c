/* HTTP replies that take their time: deferred, streamed, upgraded. */
#include "tests/unit/base/http_server.h"

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

HTTP_TEST(a_deferred_stream_ends_also_when_nobody_is_there_any_more)
{
	struct call k = { .s = s, .path = "/defer", .c = client(s), .stop_at = 1 << 30 };
	struct sp_httpc *c = client(s);

	pthread_create(&k.thread, NULL, run_stream, &k);
	wait_for_request(&s->waiting);
	cr_expect_eq(status_of(c, "POST", "/line?n=1000", "", 0), 200);
	cr_expect_eq(status_of(c, "POST", "/release-lines", "", 0), 200);
	pthread_join(k.thread, NULL);
	cr_expect_eq(k.result, 0, "%s", k.err.message);
	cr_expect_eq(k.bytes, 10 * 7 + 90 * 8 + 900 * 9);
	wait_count(&s->closed, 1);
	pthread_create(&k.thread, NULL, run_stream, &k);
	wait_for_request(&s->waiting);
	sp_httpc_interrupt(k.c);
	pthread_join(k.thread, NULL);
	sp_httpc_free(k.c);
	cr_expect_eq(status_of(c, "POST", "/release-lines", "", 0), 200);
	wait_count(&s->closed, 2);
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
