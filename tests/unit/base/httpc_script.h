/*
 * Servers that misbehave, for tests of the HTTP client: each connection is answered by one row of a
 * script.
 */
#pragma once

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
#include "base/httpc.h"
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

static inline bool stopped(const struct script *s, int fd)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
			       { .fd = s->stop[0], .events = POLLIN } };

	poll(p, 2, 20000);
	return !p[0].revents;
}

/* The head of a request; false at the end. */
static inline bool hear(struct script *s, int fd)
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

static inline void say(int fd, const char *text, bool slowly)
{
	size_t len = strlen(text), step = slowly ? 1 : len;

	for (size_t at = 0; at < len; at += step) {
		if (send(fd, text + at, step, MSG_NOSIGNAL) < 0)
			return;
		if (slowly)
			poll(NULL, 0, 1);
	}
}

static inline void play(struct script *s, const struct act *a, int fd)
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

static inline void *run(void *arg)
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

static inline void open_script(struct script *s, const struct act *acts, size_t n)
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

static inline void close_script(struct script *s)
{
	close(s->stop[1]);
	pthread_join(s->thread, NULL);
	close(s->stop[0]);
	close(s->listener);
	cr_expect_eq(sp_remove_tree_at(AT_FDCWD, s->dir, NULL), 0);
}

/* The script that is played, who calls, and what the last call came to. */
static struct script script;
static struct sp_httpc *http;
static struct sp_err err;
static char body[128];

static inline void begin(const struct act *acts, size_t n)
{
	struct sp_httpc_conf conf = { .base_url = "http://localhost",
				      .unix_path = script.path,
				      .timeout_ns = 10 * SP_NS_PER_S,
				      .what = "server" };

	open_script(&script, acts, n);
	err = (struct sp_err){ 0 };
	cr_assert_eq(sp_httpc_new(&conf, &http, NULL), 0);
}

static inline void end(void)
{
	sp_httpc_free(http);
	close_script(&script);
}

/* The status of one GET with its body, or the error. */
static inline int get(void)
{
	struct sp_http_reply reply;
	int r = sp_httpc_call(http, "GET", "/", NULL, 0, NULL, &reply, &err), status;

	body[0] = '\0';
	if (r < 0)
		return r;
	if (reply.body.data)
		snprintf(body, sizeof(body), "%s", reply.body.data);
	status = reply.status;
	sp_http_reply_fini(&reply);
	return status;
}

#define HEAD "HTTP/1.1 200 OK\r\n"
