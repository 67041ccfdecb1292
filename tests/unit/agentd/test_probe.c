/* Probes: what an answer means, when health changes, and that nothing outlives its incarnation. */
#include "agentd/probe.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

static void answer(struct server *s, int fd)
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

static void *serve(void *arg)
{
	struct server *s = arg;
	int fd;

	while ((fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		answer(s, fd);
	return NULL;
}

static int listen_local(uint16_t *ret_port)
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

static void server_open(struct server *s)
{
	s->fd = listen_local(&s->port);
	cr_assert_eq(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_close(struct server *s)
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

static void on_verdict(struct probe *p, const struct probe_verdict *v, void *owner)
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

static struct wire_probe spec_of(enum wire_probe_type type, uint16_t port)
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

static void start(struct told *t, struct sp_loop *loop, const struct wire_probe *spec,
		  enum probe_role role)
{
	struct probe_conf conf = {
		.role = role, .spec = spec, .netns_fd = -1, .on_verdict = on_verdict, .owner = t
	};
	struct sp_err err = { 0 };

	cr_assert_eq(probe_new(loop, &conf, &t->p, &err), 0, "%s", err.message);
}

static void run_until(struct sp_loop *loop, const bool *flag)
{
	for (int i = 0; !*flag; i++) {
		cr_assert_lt(i, ROUNDS_MAX, "no verdict");
		cr_assert_eq(sp_loop_run_once(loop, SP_NS_PER_S, NULL), 0);
	}
}

static void run_calls(struct sp_loop *loop, const struct told *t, int calls)
{
	for (int i = 0; t->calls < calls; i++) {
		cr_assert_lt(i, ROUNDS_MAX, "no verdict");
		cr_assert_eq(sp_loop_run_once(loop, SP_NS_PER_S, NULL), 0);
	}
}

static void with_loop(enum sp_loop_backend kind, void (*body)(struct sp_loop *))
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

/* Ask a server that answers with reply once. */
static void ask_once(struct sp_loop *loop, struct wire_probe spec, struct server *s, struct told *t)
{
	server_open(s);
	spec.port = s->port;
	start(t, loop, &spec, PROBE_READINESS);
	run_until(loop, &t->any);
	probe_free(t->p);
	server_close(s);
}

struct answer_case {
	const char *reply;
	size_t len;
	bool stays, ok;
	const char *message;
};

#define REPLY(text) .reply = text, .len = sizeof(text) - 1

PROBE_TEST(an_http_answer_is_judged_by_its_status)
{
	static const struct answer_case table[] = {
		{ REPLY("HTTP/1.1 200 OK\r\n\r\n"), .ok = true, .message = "GET /ready: 200" },
		{ REPLY("HTTP/1.1 200 OK\r\n"), .stays = true, .ok = true, .message = "200" },
		{ REPLY("HTTP/1.0 302 Found\r\n\r\n"), .ok = true, .message = "302" },
		{ REPLY("HTTP/1.1 404 Not Found\r\n\r\n"), .message = "GET /ready: 404" },
		{ REPLY("HTTP/1.1 503 No\r\n\r\ndatabase\nis \x1b[1mdown\n"),
		  .message = "GET /ready: 503: database is  [1mdown" },
		{ REPLY("HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\ndown"), .stays = true,
		  .message = "503: down" },
		{ REPLY("HTTP/1.1 500 No\r\n\r\nand never closed"), .stays = true,
		  .message = "500: and never closed" },
		{ REPLY("SSH-2.0-OpenSSH_9.2\r\n"), .message = "not an HTTP reply: SSH-2.0" },
		{ REPLY(""), .message = "not an HTTP reply: closed at once" },
		{ REPLY(""), .stays = true, .message = "no answer within 300ms" },
		{ REPLY("HTTP/1.1 2"), .message = "not an HTTP reply" },
		{ REPLY("HTTP/1.1 9x9 what\r\n"), .message = "not an HTTP reply" },
	};

	for (size_t i = 0; i < SP_COUNT(table); i++) {
		struct server s = { .reply = table[i].reply,
				    .len = table[i].len,
				    .stays = table[i].stays,
				    .speaks = true };
		struct wire_probe spec = spec_of(WIRE_PROBE_HTTP, 0);
		struct told t = { 0 };

		spec.path = (char *)"/ready";
		ask_once(loop, spec, &s, &t);
		cr_expect_eq(t.last.ok, table[i].ok, "case %zu: %s", i, t.last.message);
		cr_expect(strstr(t.last.message, table[i].message) != NULL, "case %zu: '%s'", i,
			  t.last.message);
		cr_expect(sp_str_starts(s.request, "GET /ready HTTP/1.1\r\nHost: 127.0.0.1:"));
	}
}

PROBE_TEST(an_endless_answer_is_cut_at_its_cap)
{
	static char endless[3 * PROBE_REPLY_MAX] = "HTTP/1.1 500 No\r\n\r\n";
	struct server s = {
		.reply = endless, .len = sizeof(endless), .stays = true, .speaks = true
	};
	struct told t = { 0 };

	memset(endless + 19, 'x', sizeof(endless) - 19);
	ask_once(loop, spec_of(WIRE_PROBE_HTTP, 0), &s, &t);
	cr_expect_not(t.last.ok);
	cr_expect_lt(strlen(t.last.message), PROBE_MESSAGE_MAX);
	cr_expect(sp_str_starts(t.last.message, "GET /: 500: xxxx"), "%s", t.last.message);
}

PROBE_TEST(a_tcp_probe_wants_a_connection_and_no_more)
{
	struct server s = { .len = 0, .stays = true };
	struct wire_probe spec = spec_of(WIRE_PROBE_TCP, 0);
	struct told t = { 0 };
	uint16_t port;

	ask_once(loop, spec, &s, &t);
	cr_expect(t.last.ok, "%s", t.last.message);
	close(listen_local(&port));
	spec.port = port;
	t = (struct told){ 0 };
	start(&t, loop, &spec, PROBE_LIVENESS);
	run_until(loop, &t.any);
	cr_expect_not(t.last.ok);
	cr_expect(strstr(t.last.message, "connect: Connection refused") != NULL, "%s",
		  t.last.message);
	probe_free(t.p);
}

PROBE_TEST(a_postgres_probe_tells_starting_from_ready)
{
	static const struct answer_case table[] = {
		{ REPLY("R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"), .stays = true, .ok = true,
		  .message = "accepts connections" },
		{ REPLY("R\0\0\0\x08\0\0\0\0S\0\0\0\x08"
			"a\0b\0K\0\0\0\x0c\0\0\0\1\0\0\0\2Z\0\0\0\x05I"),
		  .stays = true, .ok = true, .message = "ready for queries" },
		{ REPLY("E\0\0\0\x2cSFATAL\0C57P03\0Mdatabase is starting up\0\0"),
		  .message = "database is starting up (57P03)" },
		{ REPLY("R\0\0\0\x08\0\0\0\0E\0\0\0\x22SFATAL\0C3D000\0Mno such thing\0\0"),
		  .message = "no such thing (3D000)" },
		{ REPLY("R\0\0\0\x08\0\0\0\0"), .message = "closed the connection" },
		{ REPLY("E\0\0\0\x08SFAT"), .message = "()" },
		{ REPLY("E\0\0\0\x08"), .message = "closed the connection" },
		{ REPLY("E\xff\xff\xff\xff"), .message = "not a PostgreSQL reply" },
		{ REPLY("HTTP/1.1 400 Bad Request\r\n"), .message = "not a PostgreSQL reply" },
	};

	for (size_t i = 0; i < SP_COUNT(table); i++) {
		struct server s = { .reply = table[i].reply,
				    .len = table[i].len,
				    .stays = table[i].stays,
				    .speaks = true };
		struct wire_probe spec = spec_of(WIRE_PROBE_POSTGRES, 0);
		struct told t = { 0 };

		spec.user = (char *)"app";
		ask_once(loop, spec, &s, &t);
		cr_expect_eq(t.last.ok, table[i].ok, "case %zu: %s", i, t.last.message);
		cr_expect(strstr(t.last.message, table[i].message) != NULL, "case %zu: '%s'", i,
			  t.last.message);
		cr_expect_arr_eq(s.request + 4, "\0\3\0\0user\0app\0database\0app\0", 26);
	}
}

PROBE_TEST(rise_and_fall_decide_and_every_failure_is_told)
{
	struct wire_probe spec = spec_of(WIRE_PROBE_TCP, 0);
	struct told t = { 0 };
	uint16_t port;
	int fd = listen_local(&port);

	spec.port = port;
	spec.interval_ns = spec.timeout_ns = 10 * MS;
	spec.rise = 2, spec.fall = 3;
	start(&t, loop, &spec, PROBE_READINESS);
	cr_expect_eq(probe_health(t.p), PROBE_UNDECIDED);
	run_until(loop, &t.any);
	cr_expect_eq(t.last.health, PROBE_GOOD);
	cr_expect_eq(t.last.successes, 2, "the first success was not yet told");
	close(fd);
	run_calls(loop, &t, 3);
	cr_expect_eq(t.last.failures, 2);
	cr_expect_eq(t.last.health, PROBE_GOOD, "two failures are not three");
	run_calls(loop, &t, 4);
	cr_expect_eq(t.last.health, PROBE_BAD);
	cr_expect(t.last.changed);
	run_calls(loop, &t, 5);
	cr_expect_not(t.last.changed);
	cr_expect_eq(t.changes, 2);
	cr_expect_eq(probe_last(t.p)->failures, 4);
	probe_free(t.p);
}

PROBE_TEST(a_startup_probe_stops_when_it_is_good)
{
	struct server s = { .stays = true };
	struct wire_probe spec = spec_of(WIRE_PROBE_TCP, 0);
	struct told t = { 0 };

	server_open(&s);
	spec.port = s.port;
	spec.interval_ns = spec.timeout_ns = 5 * MS;
	start(&t, loop, &spec, PROBE_STARTUP);
	run_until(loop, &t.any);
	cr_expect_eq(t.last.health, PROBE_GOOD);
	cr_expect_eq(t.p->next.due_ns, 0, "nothing armed");
	probe_free(t.p);
	server_close(&s);
}

PROBE_TEST(the_callback_may_free_its_probe)
{
	struct server s = { .reply = "HTTP/1.1 500 No\r\n\r\n", .len = 19, .speaks = true };
	struct wire_probe spec = spec_of(WIRE_PROBE_HTTP, 0);
	struct told t = { .free_it = true };

	server_open(&s);
	spec.port = s.port;
	start(&t, loop, &spec, PROBE_LIVENESS);
	run_until(loop, &t.any);
	cr_expect_null(t.p);
	server_close(&s);
}

PROBE_TEST(no_verdict_comes_after_the_end)
{
	struct server s = { .stays = true };
	struct wire_probe spec = spec_of(WIRE_PROBE_HTTP, 0);
	struct told t = { 0 };

	server_open(&s);
	spec.port = s.port;
	for (int rounds = 0; rounds < 5; rounds++) {
		start(&t, loop, &spec, PROBE_LIVENESS);
		for (int i = 0; i < rounds; i++)
			cr_assert_eq(sp_loop_run_once(loop, MS, NULL), 0);
		probe_free(t.p);
	}
	for (int i = 0; i < 5; i++)
		cr_assert_eq(sp_loop_run_once(loop, MS, NULL), 0);
	cr_expect_eq(t.calls, 0);
	server_close(&s);
}

/* ---- exec ---- */

struct execs {
	struct told told; /* first: it is the owner on_verdict sees */
	int started, cancelled;
	bool refuse;
	char *const *argv;
};

static int exec_start(void *owner, struct probe *p, char *const *argv, struct sp_err *err)
{
	struct execs *x = owner;

	(void)p;
	x->started++;
	x->argv = argv;
	return x->refuse ? sp_fail(err, SP_E_NOT_FOUND, "no such program") : 0;
}

static void exec_cancel(void *owner, struct probe *p)
{
	struct execs *x = owner;

	(void)p;
	x->cancelled++;
}

static const struct probe_exec_ops exec_ops = { exec_start, exec_cancel };

static void start_exec_probe(struct execs *x, struct sp_loop *loop, const struct wire_probe *spec)
{
	struct probe_conf conf = { .role = PROBE_LIVENESS,
				   .spec = spec,
				   .netns_fd = -1,
				   .exec = &exec_ops,
				   .on_verdict = on_verdict,
				   .owner = x };
	int want = x->started + 1;

	cr_assert_eq(probe_new(loop, &conf, &x->told.p, NULL), 0);
	for (int i = 0; x->started < want; i++) {
		cr_assert_lt(i, ROUNDS_MAX);
		cr_assert_eq(sp_loop_run_once(loop, SP_NS_PER_S, NULL), 0);
	}
}

PROBE_TEST(an_exec_probe_is_judged_by_its_exit_status)
{
	char *argv[] = { (char *)"pg_isready", (char *)"-q", NULL };
	struct wire_probe spec = spec_of(WIRE_PROBE_EXEC, 0);
	struct execs x = { 0 };

	spec.command = argv;
	start_exec_probe(&x, loop, &spec);
	cr_expect_eq(x.argv, argv);
	probe_exec_done(x.told.p, 0, "fine\n", 5);
	cr_expect(x.told.last.ok);
	cr_expect_str_eq(x.told.last.message, "exec pg_isready: exit status 0: fine");
	probe_free(x.told.p);
	start_exec_probe(&x, loop, &spec);
	probe_exec_done(x.told.p, 137, NULL, 0);
	cr_expect_str_eq(x.told.last.message, "exec pg_isready: exit status 137");
	cr_expect_eq(x.told.last.health, PROBE_BAD);
	probe_free(x.told.p);
	cr_expect_eq(x.cancelled, 0);
}

PROBE_TEST(an_exec_probe_that_hangs_is_cancelled)
{
	char *argv[] = { (char *)"sleep", NULL };
	struct wire_probe spec = spec_of(WIRE_PROBE_EXEC, 0);
	struct execs x = { 0 };

	spec.command = argv;
	spec.timeout_ns = 20 * MS;
	start_exec_probe(&x, loop, &spec);
	run_until(loop, &x.told.any);
	cr_expect_eq(x.cancelled, 1);
	cr_expect_str_eq(x.told.last.message, "exec sleep: no answer within 20ms");
	probe_free(x.told.p);
	start_exec_probe(&x, loop, &spec);
	probe_free(x.told.p);
	cr_expect_eq(x.cancelled, 2, "freed while it runs");
}

PROBE_TEST(an_exec_probe_that_cannot_start_has_failed)
{
	char *argv[] = { (char *)"nothing", NULL };
	struct wire_probe spec = spec_of(WIRE_PROBE_EXEC, 0);
	struct execs x = { .refuse = true };

	spec.command = argv;
	start_exec_probe(&x, loop, &spec);
	cr_expect_eq(x.told.calls, 1);
	cr_expect_str_eq(x.told.last.message, "exec nothing: no such program");
	probe_free(x.told.p);
}

Test(probe, a_spec_that_makes_no_sense_is_refused)
{
	struct sp_loop *loop = NULL;
	struct wire_probe spec = spec_of(WIRE_PROBE_TCP, 1), exec = spec_of(WIRE_PROBE_EXEC, 0);
	struct probe_conf conf = { .spec = &spec, .netns_fd = -1, .on_verdict = on_verdict };
	struct probe *p = NULL;

	cr_assert_eq(sp_loop_new(SP_LOOP_EPOLL, &loop, NULL), 0);
	spec.timeout_ns = spec.interval_ns + 1;
	cr_expect_eq(probe_new(loop, &conf, &p, NULL), -EINVAL);
	conf.spec = &exec;
	cr_expect_eq(probe_new(loop, &conf, &p, NULL), -EINVAL);
	cr_expect_null(p);
	cr_expect_str_eq(probe_role_name(PROBE_LIVENESS), "liveness");
	sp_loop_free(loop);
	probe_free(NULL);
}

Test(probe, jitter_stays_within_its_share_and_varies)
{
	struct sp_loop *loop = NULL;
	struct wire_probe spec = spec_of(WIRE_PROBE_TCP, 1);
	int64_t least = INT64_MAX, most = 0;
	struct told t = { 0 };

	cr_assert_eq(sp_loop_new(SP_LOOP_EPOLL, &loop, NULL), 0);
	spec.interval_ns = SP_NS_PER_S;
	spec.jitter_percent = 20;
	start(&t, loop, &spec, PROBE_READINESS);
	for (int i = 0; i < 200; i++) {
		int64_t started = sp_time_mono_ns(), wait;

		t.p->started_ns = started;
		probe_finish(t.p, true, "");
		wait = t.p->next.due_ns - started;
		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	cr_expect_geq(least, 800 * MS);
	cr_expect_leq(most, 1200 * MS);
	cr_expect_gt(most - least, 100 * MS);
	probe_free(t.p);
	sp_loop_free(loop);
}

/* ---- network namespaces ---- */

static void bring_lo_up(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &r), 0);
	close(fd);
}

/* A network namespace whose loopback has a listener, and the way back. */
static int make_netns(uint16_t *ret_port, int *ret_listener)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), inside;

	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	bring_lo_up();
	*ret_listener = listen_local(ret_port);
	inside = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	cr_assert_eq(setns(home, CLONE_NEWNET), 0);
	close(home);
	return inside;
}

PROBE_TEST(a_probe_asks_inside_the_workloads_network_namespace)
{
	struct wire_probe spec = spec_of(WIRE_PROBE_TCP, 0);
	struct probe_conf conf = { .spec = &spec, .on_verdict = on_verdict };
	struct told inside = { 0 }, outside = { 0 };
	int listener;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_eq(unshare(CLONE_NEWNET), 0); /* and our own, where nobody listens */
	bring_lo_up();
	conf.netns_fd = make_netns(&spec.port, &listener);
	conf.owner = &inside;
	cr_assert_eq(probe_new(loop, &conf, &inside.p, NULL), 0);
	run_until(loop, &inside.any);
	cr_expect(inside.last.ok, "%s", inside.last.message);
	probe_free(inside.p);
	start(&outside, loop, &spec, PROBE_READINESS);
	run_until(loop, &outside.any);
	cr_expect_not(outside.last.ok, "the probe before came home: nobody listens here");
	probe_free(outside.p);
	close(conf.netns_fd);
	close(listener);
}
