/* Probes: when health changes, and that nothing outlives its incarnation. */
#include "agentd/probe.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "tests/unit/agentd/probe_test.h"

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

PROBE_TEST(an_attempt_may_take_longer_than_the_interval)
{
	struct server s = { .stays = true };
	struct wire_probe spec = spec_of(WIRE_PROBE_HTTP, 0);
	struct told t = { 0 };

	server_open(&s);
	spec.port = s.port;
	spec.interval_ns = 5 * MS;
	spec.timeout_ns = 20 * MS;
	start(&t, loop, &spec, PROBE_READINESS);
	run_calls(loop, &t, 2);
	cr_expect_eq(t.last.failures, 2);
	cr_expect_geq(t.last.took_ns, spec.timeout_ns);
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

Test(probe, a_spec_that_makes_no_sense_is_refused)
{
	struct sp_loop *loop = NULL;
	struct wire_probe spec = spec_of(WIRE_PROBE_TCP, 1), exec = spec_of(WIRE_PROBE_EXEC, 0);
	struct probe_conf conf = { .spec = &spec, .netns_fd = -1, .on_verdict = on_verdict };
	struct probe *p = NULL;

	cr_assert_eq(sp_loop_new(SP_LOOP_EPOLL, &loop, NULL), 0);
	spec.timeout_ns = 0;
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
