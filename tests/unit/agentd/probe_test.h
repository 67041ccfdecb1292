/* What the tests of the probes share: a server that always says the same, and what a probe was
 * told. */
#pragma once

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/probe_impl.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/str.h"
#include "base/time.h"

#define MS         SP_NS_PER_MS
#define ROUNDS_MAX 20000
#define HELD_MAX   64

/* A server that says the same thing to everybody: reads a request, if it wants one, answers, and
 * closes or keeps silent. */
struct server {
	const char *reply;
	size_t len;
	bool stays;  /* does not close after the reply */
	bool speaks; /* waits for a request first */
	int fd;
	uint16_t port;
	char request[1024]; /* the last one seen */
	int held[HELD_MAX], n_held;
	pthread_t thread;
};

static inline void answer(struct server *s, int fd)
{
	if (s->speaks) {
		ssize_t n = read(fd, s->request, sizeof(s->request) - 1);

		s->request[n > 0 ? n : 0] = '\0';
	}
	if (s->len)
		(void)!send(fd, s->reply, s->len, MSG_NOSIGNAL);
	if (s->stays && s->n_held < HELD_MAX)
		s->held[s->n_held++] = fd;
	else
		close(fd);
}

static inline void *serve(void *arg)
{
	struct server *s = arg;
	int fd;

	while ((fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		answer(s, fd);
	return NULL;
}

static inline int listen_local(uint16_t *ret_port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&a, len), 0);
	cr_assert_eq(listen(fd, 64), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static inline void server_open(struct server *s)
{
	s->fd = listen_local(&s->port);
	cr_assert_eq(pthread_create(&s->thread, NULL, serve, s), 0);
}

static inline void server_close(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	while (s->n_held)
		close(s->held[--s->n_held]);
}

/* What the callback was told. */
struct told {
	struct probe_verdict last;
	int calls, changes;
	bool any;
	bool free_it; /* free the probe from inside the callback */
	struct probe *p;
};

static inline void on_verdict(struct probe *p, const struct probe_verdict *v, void *owner)
{
	struct told *t = owner;

	t->last = *v;
	t->calls++;
	t->changes += v->changed;
	t->any = true;
	if (t->free_it) {
		probe_free(p);
		t->p = NULL;
	}
}

static inline struct wire_probe spec_of(enum wire_probe_type type, uint16_t port)
{
	return (struct wire_probe){ .type = type,
				    .port = port,
				    .status_min = 200,
				    .status_max = 399,
				    .interval_ns = 400 * MS,
				    .timeout_ns = 300 * MS,
				    .rise = 1,
				    .fall = 1 };
}

static inline void start(struct told *t, struct sp_loop *loop, const struct wire_probe *spec,
			 enum probe_role role)
{
	struct probe_conf conf = {
		.role = role, .spec = spec, .netns_fd = -1, .on_verdict = on_verdict, .owner = t
	};
	struct sp_err err = { 0 };

	cr_assert_eq(probe_new(loop, &conf, &t->p, &err), 0, "%s", err.message);
}

static inline void run_until(struct sp_loop *loop, const bool *flag)
{
	for (int i = 0; !*flag; i++) {
		cr_assert_lt(i, ROUNDS_MAX, "no verdict");
		cr_assert_eq(sp_loop_run_once(loop, SP_NS_PER_S, NULL), 0);
	}
}

static inline void run_calls(struct sp_loop *loop, const struct told *t, int calls)
{
	for (int i = 0; t->calls < calls; i++) {
		cr_assert_lt(i, ROUNDS_MAX, "no verdict");
		cr_assert_eq(sp_loop_run_once(loop, SP_NS_PER_S, NULL), 0);
	}
}

static inline void with_loop(enum sp_loop_backend kind, void (*body)(struct sp_loop *))
{
	struct sp_loop *loop = NULL;

	if (sp_loop_new(kind, &loop, NULL) < 0)
		cr_skip_test("io_uring is refused here");
	body(loop);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(sp_loop_run_once(loop, 0, NULL), 0);
	sp_loop_free(loop);
}

#define PROBE_TEST(name)                        \
	static void name(struct sp_loop *loop); \
	Test(probe_uring, name)                 \
	{                                       \
		with_loop(SP_LOOP_URING, name); \
	}                                       \
	Test(probe_epoll, name)                 \
	{                                       \
		with_loop(SP_LOOP_EPOLL, name); \
	}                                       \
	static void name(struct sp_loop *loop)
