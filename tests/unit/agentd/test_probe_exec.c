/* Probes: commands run inside the workload. */
#include "agentd/probe.h"

#include "tests/unit/agentd/probe_test.h"

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
	spec.program_hidden = true;
	start_exec_probe(&x, loop, &spec);
	cr_expect_str_eq(x.told.last.message, "exec its command: no such program");
	cr_expect(probe_program_hidden(x.told.p));
	probe_free(x.told.p);
}
