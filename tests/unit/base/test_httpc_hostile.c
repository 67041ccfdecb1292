/* The HTTP client and servers that misbehave: each connection is answered by one row of a script.
 */
#include "base/httpc.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/time.h"

#define REQUEST_MAX 4096

/* What a connection is given. */
struct act {
	const char *replies[4]; /* one for each request; after the last one it is closed */
	const char *flood;      /* after them, for ever and as fast as it is taken */
	bool at_once;           /* do not wait for a request */
	bool slowly;            /* a byte every millisecond */
	bool stays;             /* silent and open, until the end of the test */
};

struct script {
	const struct act *acts;
	size_t n;
	char dir[32], path[64];
	int listener;
	atomic_int connections, requests, floods;
	pthread_t thread;
	int stop[2];
};

static bool stopped(const struct script *s, int fd)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
			       { .fd = s->stop[0], .events = POLLIN } };

	poll(p, 2, 20000);
	return !p[0].revents;
}

/* The head of a request; false at the end. */
static bool hear(struct script *s, int fd)
{
	char head[REQUEST_MAX + 1] = { 0 };
	size_t len = 0;

	while (!strstr(head, "\r\n\r\n")) {
		ssize_t n;

		if (stopped(s, fd))
			return false;
		n = recv(fd, head + len, 1, 0); /* no byte of a body is read */
		if (n <= 0 || (len += (size_t)n) == REQUEST_MAX)
			return false;
	}
	atomic_fetch_add(&s->requests, 1);
	return true;
}

static void say(int fd, const char *text, bool slowly)
{
	size_t len = strlen(text), step = slowly ? 1 : len;

	for (size_t at = 0; at < len; at += step) {
		if (send(fd, text + at, step, MSG_NOSIGNAL) < 0)
			return;
		if (slowly)
			poll(NULL, 0, 1);
	}
}

static void play(struct script *s, const struct act *a, int fd)
{
	for (size_t i = 0; i < SP_COUNT(a->replies) && a->replies[i]; i++) {
		if (!a->at_once && !hear(s, fd))
			return;
		say(fd, a->replies[i], a->slowly);
	}
	while (a->flood && send(fd, a->flood, strlen(a->flood), MSG_NOSIGNAL) > 0)
		atomic_fetch_add(&s->floods, 1);
	while (a->stays && !stopped(s, fd)) {
		char rest[4096];

		if (recv(fd, rest, sizeof(rest), 0) <= 0)
			return;
	}
}

static void *run(void *arg)
{
	struct script *s = arg;

	for (size_t i = 0; i < s->n; i++) {
		int fd = stopped(s, s->listener) ? -1 : accept(s->listener, NULL, NULL);

		if (fd < 0)
			break;
		atomic_fetch_add(&s->connections, 1);
		play(s, &s->acts[i], fd);
		close(fd);
	}
	return NULL;
}

static void open_script(struct script *s, const struct act *acts, size_t n)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	*s = (struct script){ .acts = acts, .n = n, .dir = "/tmp/sp-httpc-XXXXXX" };
	cr_assert_not_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/socket", s->dir);
	memcpy(to.sun_path, s->path, sizeof(s->path));
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(s->listener, (struct sockaddr *)&to, sizeof(to)), 0);
	cr_assert_eq(listen(s->listener, 8), 0);
	cr_assert_eq(pipe(s->stop), 0);
	cr_assert_eq(pthread_create(&s->thread, NULL, run, s), 0);
}

static void close_script(struct script *s)
{
	close(s->stop[1]);
	pthread_join(s->thread, NULL);
	close(s->stop[0]);
	close(s->listener);
	cr_expect_eq(sp_remove_tree_at(AT_FDCWD, s->dir, NULL), 0);
}

static struct sp_httpc *client(const struct script *s)
{
	struct sp_httpc_conf conf = { .base_url = "http://localhost",
				      .unix_path = s->path,
				      .timeout_ns = 10 * SP_NS_PER_S,
				      .what = "server" };
	struct sp_httpc *c = NULL;

	cr_assert_eq(sp_httpc_new(&conf, &c, NULL), 0);
	return c;
}

/* The body of one GET, or the error. */
static int get(struct sp_httpc *c, char body[128], struct sp_err *err)
{
	struct sp_http_reply reply;
	int r = sp_httpc_call(c, "GET", "/", NULL, 0, NULL, &reply, err), status;

	body[0] = '\0';
	if (r < 0)
		return r;
	if (reply.body.data)
		snprintf(body, 128, "%s", reply.body.data);
	status = reply.status;
	sp_http_reply_fini(&reply);
	return status;
}

#define HEAD "HTTP/1.1 200 OK\r\n"

Test(httpc_hostile, replies_of_every_framing_arrive_byte_by_byte)
{
	static const struct {
		const char *reply, *want;
	} rows[] = {
		{ HEAD "Content-Length: 5\r\n\r\nhello", "hello" },
		{ HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\n\r\n",
		  "hello" },
		{ HEAD "\r\nhello", "hello" },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" HEAD
		  "Content-Length: 2\r\n\r\nhi",
		  "hi" },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct act act = { .replies = { rows[i].reply }, .slowly = true };
		struct sp_err err = { 0 };
		struct script s;
		struct sp_httpc *c;
		char body[128];

		open_script(&s, &act, 1);
		c = client(&s);
		cr_expect_eq(get(c, body, &err), 200, "%zu: %s", i, err.message);
		cr_expect_str_eq(body, rows[i].want);
		sp_httpc_free(c);
		close_script(&s);
	}
}

Test(httpc_hostile, what_is_no_reply_is_an_error_that_says_why)
{
	static const struct {
		const char *reply, *said;
	} rows[] = {
		{ "", "closed before the reply's end" },
		{ "HTTP/1.1 200 OK\r\nContent-", "closed before the reply's end" },
		{ HEAD "Content-Length: 6\r\n\r\nhello", "closed before the reply's end" },
		{ HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		  "closed before the reply's end" },
		{ HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "its chunks are no chunks" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", "does not begin as a reply" },
		{ HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\na", "two lengths" },
		{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "unasked" },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct act act = { .replies = { rows[i].reply } };
		struct sp_err err = { 0 };
		struct script s;
		struct sp_httpc *c;
		char body[128];

		open_script(&s, &act, 1);
		c = client(&s);
		cr_expect_eq(get(c, body, &err), -EHOSTUNREACH, "%zu", i);
		cr_expect(strstr(err.message, rows[i].said), "%zu: %s", i, err.message);
		cr_expect(strstr(err.message, s.path), "%zu: %s", i, err.message);
		sp_httpc_free(c);
		close_script(&s);
	}
}

Test(httpc_hostile, a_head_without_end_is_not_kept)
{
	static char reply[100000];
	struct act act = { .replies = { reply } };
	struct sp_err err = { 0 };
	struct script s;
	struct sp_httpc *c;
	char body[128];

	memset(reply, 'a', sizeof(reply) - 1);
	memcpy(reply, HEAD "A: ", strlen(HEAD "A: "));
	open_script(&s, &act, 1);
	c = client(&s);
	cr_expect_eq(get(c, body, &err), -E2BIG, "%s", err.message);
	sp_httpc_free(c);
	close_script(&s);
}

Test(httpc_hostile, a_kept_connection_that_was_closed_is_made_anew)
{
	static const char reply[] = HEAD "Content-Length: 2\r\n\r\nhi";
	const struct act acts[] = { { .replies = { reply, reply } }, { .replies = { reply } } };
	struct sp_err err = { 0 };
	struct script s;
	struct sp_httpc *c;
	char body[128];

	open_script(&s, acts, SP_COUNT(acts));
	c = client(&s);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(get(c, body, &err), 200, "%d: %s", i, err.message);
	cr_expect_eq(s.connections, 2);
	cr_expect_eq(s.requests, 3);
	sp_httpc_free(c);
	close_script(&s);
}

/* The server had begun to answer: asking once more could do the same thing twice. */
Test(httpc_hostile, a_reply_that_broke_off_is_not_asked_for_again)
{
	const struct act acts[] = { { .replies = { HEAD "Content-Length: 2\r\n\r\nhi", "HTTP/" } },
				    { .replies = { HEAD "Content-Length: 2\r\n\r\nno" } } };
	struct sp_err err = { 0 };
	struct script s;
	struct sp_httpc *c;
	char body[128];

	open_script(&s, acts, SP_COUNT(acts));
	c = client(&s);
	cr_expect_eq(get(c, body, &err), 200);
	cr_expect_eq(get(c, body, &err), -EHOSTUNREACH, "%s", err.message);
	cr_expect_eq(s.requests, 2);
	sp_httpc_free(c);
	close_script(&s);
}

/* Bytes that nobody asked for would be taken for the next reply. */
Test(httpc_hostile, what_follows_a_reply_is_not_the_next_one)
{
	static const char reply[] = HEAD "Content-Length: 2\r\n\r\nhi";
	const struct act acts[] = {
		{ .replies = { HEAD "Content-Length: 2\r\n\r\nhi" HEAD
				    "Content-Length: 4\r\n\r\nevil" },
		  .stays = true },
		{ .replies = { reply } },
	};
	struct sp_err err = { 0 };
	struct script s;
	struct sp_httpc *c;
	char body[128];

	open_script(&s, acts, SP_COUNT(acts));
	c = client(&s);
	cr_expect_eq(get(c, body, &err), 200);
	cr_expect_eq(get(c, body, &err), 200, "%s", err.message);
	cr_expect_str_eq(body, "hi");
	sp_httpc_free(c);
	close_script(&s);
}

Test(httpc_hostile, a_silent_server_is_given_up)
{
	const struct act acts[] = { { .replies = { "HTTP/1.1 200 OK\r\n" }, .stays = true } };
	struct sp_err err = { 0 };
	struct script s;
	struct sp_httpc *c;
	char body[128];

	open_script(&s, acts, SP_COUNT(acts));
	c = client(&s);
	sp_httpc_set_timeout(c, 50 * SP_NS_PER_MS);
	cr_expect_eq(get(c, body, &err), -ETIMEDOUT);
	cr_expect(strstr(err.message, "no answer within 50ms"), "%s", err.message);
	sp_httpc_free(c);
	close_script(&s);
}

static int count_bytes(void *state, const char *data, size_t len)
{
	(void)data;
	*(size_t *)state += len;
	return 0;
}

/* The whole takes longer than the silence that is allowed, and none of its pauses does. */
Test(httpc_hostile, a_stream_may_be_slow_but_not_silent)
{
	static char text[400];
	const struct act acts[] = { { .replies = { text }, .slowly = true, .stays = true } };
	struct sp_err err = { 0 };
	struct script s;
	struct sp_httpc *c;
	size_t got = 0;

	snprintf(text, sizeof(text), HEAD "\r\n%0300d", 0);
	open_script(&s, acts, SP_COUNT(acts));
	c = client(&s);
	sp_httpc_set_timeout(c, 150 * SP_NS_PER_MS);
	cr_expect_eq(sp_httpc_stream(c, "GET", "/", count_bytes, &got, NULL, &err), -ETIMEDOUT);
	cr_expect_eq(got, 300, "%zu: %s", got, err.message);
	sp_httpc_free(c);
	close_script(&s);
}

static int upload(struct sp_httpc *c, uint64_t len, struct sp_err *err)
{
	FILE *f = tmpfile();
	int r;

	cr_assert_eq(ftruncate(fileno(f), 32 << 20), 0);
	r = sp_httpc_upload(c, "PUT", "/", fileno(f), len, NULL, err);
	fclose(f);
	return r;
}

/* It reads the head and nothing of the body; with 5 bytes there is nothing left to refuse. */
Test(httpc_hostile, a_refusal_before_the_body_is_heard)
{
	static const uint64_t sizes[] = { 5, 900000, 32 << 20 };

	for (size_t i = 0; i < SP_COUNT(sizes); i++) {
		const struct act act = {
			.replies = { "HTTP/1.1 413 No\r\nContent-Length: 54\r\n\r\n"
				     "{\"error\":{\"code\":\"too_large\",\"message\":\"not so much\"}}" },
			.stays = true
		};
		struct sp_err err = { 0 };
		struct script s;
		struct sp_httpc *c;

		open_script(&s, &act, 1);
		c = client(&s);
		cr_expect_eq(upload(c, sizes[i], &err), -E2BIG, "%s", err.message);
		cr_expect_str_eq(err.message, "not so much");
		sp_httpc_free(c);
		close_script(&s);
	}
}

Test(httpc_hostile, a_file_that_ends_early_is_not_sent_as_whole)
{
	const struct act act = { .replies = { "HTTP/1.1 100 Continue\r\n\r\n" }, .stays = true };
	struct sp_err err = { 0 };
	struct script s;
	struct sp_httpc *c;

	open_script(&s, &act, 1);
	c = client(&s);
	cr_expect_eq(upload(c, 33 << 20, &err), -EBADMSG, "%s", err.message);
	sp_httpc_free(c);
	close_script(&s);
}

Test(httpc_hostile, nothing_can_be_smuggled_into_a_request)
{
	const struct act act = { .replies = { HEAD "\r\n" } };
	struct sp_err err = { 0 };
	struct script s;
	struct sp_httpc *c;

	open_script(&s, &act, 1);
	c = client(&s);
	cr_expect_eq(sp_httpc_header(c, "A", "b\r\nC: d", &err), -EINVAL);
	cr_expect_eq(sp_httpc_json(c, "GET", "/ HTTP/1.1\r\nA: b", NULL, NULL, &err), -EINVAL);
	cr_expect_eq(sp_httpc_json(c, "GET /", "/", NULL, NULL, &err), -EINVAL);
	cr_expect_eq(s.requests, 0);
	sp_httpc_free(c);
	close_script(&s);
}

/* Framing is no progress: one byte of an extension now and then is silence. */
Test(httpc_hostile, a_stream_of_nothing_but_framing_is_silent)
{
	static char text[600];
	const struct act acts[] = { { .replies = { text }, .slowly = true, .stays = true } };
	struct sp_err err = { 0 };
	struct script s;
	struct sp_httpc *c;
	size_t got = 0;

	snprintf(text, sizeof(text), HEAD "Transfer-Encoding: chunked\r\n\r\n5;%0500d", 0);
	open_script(&s, acts, SP_COUNT(acts));
	c = client(&s);
	sp_httpc_set_timeout(c, 150 * SP_NS_PER_MS);
	cr_expect_eq(sp_httpc_stream(c, "GET", "/", count_bytes, &got, NULL, &err), -ETIMEDOUT);
	cr_expect_eq(got, 0, "%zu: %s", got, err.message);
	sp_httpc_free(c);
	close_script(&s);
}

#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

/* A byte of a body in a great deal of framing. */
static const char *costly_chunk(void)
{
	static char chunk[30100];

	snprintf(chunk, sizeof(chunk), "1;%030000d\r\nx\r\n", 0);
	return chunk;
}

Test(httpc_hostile, a_flood_does_not_outlast_the_timeout)
{
	const struct act act = { .replies = { CHUNKED }, .flood = costly_chunk() };
	struct sp_err err = { 0 };
	struct script s;
	struct sp_httpc *c;
	char body[128];

	open_script(&s, &act, 1);
	c = client(&s);
	sp_httpc_set_timeout(c, 100 * SP_NS_PER_MS);
	cr_expect_eq(get(c, body, &err), -ETIMEDOUT, "%s", err.message);
	sp_httpc_free(c);
	close_script(&s);
}

Test(httpc_hostile, interim_replies_without_end_are_no_http)
{
	const struct act act = { .replies = { "HTTP/1.1 103 Early\r\n\r\n" },
				 .flood = "HTTP/1.1 103 Early\r\n\r\n" };

	for (int i = 0; i < 2; i++) {
		struct sp_err err = { 0 };
		struct script s;
		struct sp_httpc *c;
		char body[128];

		open_script(&s, &act, 1);
		c = client(&s);
		cr_expect_eq(i ? upload(c, 32 << 20, &err) : get(c, body, &err), -EHOSTUNREACH);
		cr_expect(strstr(err.message, "no end of interim replies"), "%s", err.message);
		cr_expect_eq(s.connections, 1);
		sp_httpc_free(c);
		close_script(&s);
	}
}

struct interrupter {
	struct script *script;
	struct sp_httpc *client;
};

/* Once the flood runs. */
static void *interrupt(void *arg)
{
	struct interrupter *i = arg;

	for (int ms = 0; i->script->floods < 50 && ms < 10000; ms++)
		poll(NULL, 0, 1);
	sp_httpc_interrupt(i->client);
	return NULL;
}

/* Each byte of such a stream is progress, so only its reader's patience ends it. */
Test(httpc_hostile, a_flood_can_be_interrupted)
{
	const struct act act = { .replies = { CHUNKED }, .flood = costly_chunk() };

	for (int i = 0; i < 2; i++) {
		struct interrupter who;
		struct sp_err err = { 0 };
		struct script s;
		pthread_t thread;
		char body[128];
		size_t got = 0;
		int r;

		open_script(&s, &act, 1);
		who = (struct interrupter){ &s, client(&s) };
		cr_assert_eq(pthread_create(&thread, NULL, interrupt, &who), 0);
		r = i ? sp_httpc_stream(who.client, "GET", "/", count_bytes, &got, NULL, &err)
		      : get(who.client, body, &err);
		cr_expect_eq(err.code, SP_E_INTERRUPTED, "%d: %s", r, err.message);
		pthread_join(thread, NULL);
		sp_httpc_free(who.client);
		close_script(&s);
	}
}

/* The server hears the second request, and closes instead of a reply. */
Test(httpc_hostile, a_request_that_was_sent_again_with_success_leaves_no_error)
{
	static const char reply[] = HEAD "Content-Length: 2\r\n\r\nhi";
	const struct act acts[] = { { .replies = { reply, "" } }, { .replies = { reply } } };
	struct sp_err err = { 0 };
	struct script s;
	struct sp_httpc *c;
	char body[128];

	open_script(&s, acts, SP_COUNT(acts));
	c = client(&s);
	cr_expect_eq(get(c, body, &err), 200, "%s", err.message);
	cr_expect_eq(get(c, body, &err), 200, "%s", err.message);
	cr_expect_eq(s.requests, 3);
	cr_expect_eq(err.code, SP_E_OK);
	cr_expect_str_empty(err.message);
	sp_httpc_free(c);
	close_script(&s);
}
