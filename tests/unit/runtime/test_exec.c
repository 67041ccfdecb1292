/* One more process in a running container: the same rights, its own session and cgroup. */
#include "box.h"

#include <poll.h>
#include <signal.h>

#include "runtime/exec.h"
#include "runtime/isolation.h"
#include "runtime/steps.h"

static struct box box;
static struct box_spec spec;
static struct rt_container *container;
static char out[65536];

static void open_box(void)
{
	const char *args[] = { "/bin/busybox", "sleep", "1000", NULL };
	struct sp_err err = { 0 };

	box_open(&box);
	box_spec(&box, args, &spec);
	cr_assert_eq(rt_create(box.engine, &spec.spec, &container, &err), 0, "%s", err.message);
	cr_assert_eq(rt_start(container, &err), 0, "%s", err.message);
}

static void close_box(void)
{
	struct sp_err err = { 0 };

	cr_expect_eq(rt_destroy(box.engine, container, &err), 0, "%s", err.message);
	box_close(&box);
}

TestSuite(exec, .init = open_box, .fini = close_box);

static void read_all(int fd)
{
	size_t used = 0;
	ssize_t n;

	while (used < sizeof(out) - 1 && (n = read(fd, out + used, sizeof(out) - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
}

/* Run to its end with its output in out; its status, or the negative refusal with the message. */
static int run(struct rt_exec_spec *s)
{
	struct rt_exec *x = NULL;
	struct sp_err err = { 0 };
	int p[2], status = -1, r;

	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	s->process.stdin_fd = -1;
	s->process.stdout_fd = s->process.stderr_fd = p[1];
	r = rt_exec_start(box.engine, container, s, &x, &err);
	close(p[1]);
	if (r < 0) {
		snprintf(out, sizeof(out), "%s", err.message);
		close(p[0]);
		return r;
	}
	read_all(p[0]);
	close(p[0]);
	cr_assert_eq(rt_exec_reap(x, 10000, &status, &err), 1, "%s", err.message);
	rt_exec_free(x);
	return status;
}

static int run_sh(const char *script, const char *user)
{
	const char *args[] = { "/bin/busybox", "sh", "-c", script, NULL };
	struct rt_exec_spec s = { .process = { .args = (char *const *)args, .user = user } };

	return run(&s);
}

Test(exec, it_runs_inside_and_its_status_comes_back)
{
	cr_expect_eq(run_sh("busybox hostname; cat /proc/1/comm; exit 9", NULL), 9, "%s", out);
	cr_expect_str_eq(out, "box-1\nspinit\n");
}

Test(exec, it_has_the_limits_of_the_first_process)
{
	const struct rlimit files = { 77, 99 };

	cr_assert_eq(prlimit(container->pid, RLIMIT_NOFILE, &files, NULL), 0);
	cr_assert_eq(run_sh("ulimit -Sn; ulimit -Hn", NULL), 0, "%s", out);
	cr_expect_str_eq(out, "77\n99\n");
}

Test(exec, no_signal_that_the_agent_ignores_is_ignored_inside)
{
	const char *args[] = { "/bin/busybox",      "grep", "-E", "Sig(Ign|Blk)",
			       "/proc/self/status", NULL };
	struct rt_exec_spec s = { .process = { .args = (char *const *)args } };

	cr_assert_neq(signal(SIGPIPE, SIG_IGN), SIG_ERR);
	ignore_kernel_signal(32); /* the C libraries keep it to themselves */
	cr_assert_eq(run(&s), 0, "%s", out);
	cr_expect_str_eq(out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

Test(exec, it_has_the_rights_of_the_first_process)
{
	static char first[sizeof(out)];

	cr_assert_eq(run_sh("grep -E '^(Uid|Gid|Cap|NoNew|Seccomp:)' /proc/self/status", NULL), 0);
	snprintf(first, sizeof(first), "%s", out);
	cr_assert_eq(run_sh("grep -E '^(Uid|Gid|Cap|NoNew|Seccomp:)' /proc/2/status", NULL), 0);
	cr_expect_str_eq(out, first);
	cr_expect(strstr(out, "Seccomp:\t2") && strstr(out, "NoNewPrivs:\t1"), "%s", out);
}

Test(exec, a_user_is_resolved_inside_and_parsed_to_the_end)
{
	cr_expect_eq(run_sh("busybox id; grep CapEff /proc/self/status", "app"), 0, "%s", out);
	cr_expect_str_eq(out, "uid=999(app) gid=998(app) groups=77(extra)\n"
			      "CapEff:\t0000000000000000\n");
	cr_expect_eq(run_sh("busybox id -u", "1"), 0, "%s", out);
	cr_expect_str_eq(out, "1\n");
	cr_expect_lt(run_sh("true", "1x"), 0, "%s", out);
	cr_expect_lt(run_sh("true", "70000"), 0, "%s", out);
}

Test(exec, attacks_are_refused_as_in_the_first_process)
{
	cr_assert_eq(run_sh("probe refused", NULL), 0, "%s", out);
	cr_expect(!strstr(out, " ok") && !strstr(out, "ENOSYS"), "%s", out);
	cr_assert_eq(run_sh("probe init; exec probe fds", NULL), 0, "%s", out);
	cr_expect(!strstr(out, " ok") && !strstr(out, "fd 3"), "%s", out);
}

Test(exec, it_is_in_all_namespaces_and_leads_its_own_session)
{
	const char *args[] = { "/bin/busybox", "sleep", "100", NULL };
	struct rt_exec_spec s = { .process = { .args = (char *const *)args,
					       .stdin_fd = -1,
					       .stdout_fd = -1,
					       .stderr_fd = -1 } };
	struct rt_isolation i, of_first;
	struct rt_exec *x = NULL;
	struct sp_err err = { 0 };
	int status = 0;

	cr_assert_eq(rt_exec_start(box.engine, container, &s, &x, &err), 0, "%s", err.message);
	cr_assert_eq(rt_isolation_read(x->pid, &i, &err), 0, "%s", err.message);
	cr_assert_eq(rt_isolation_read(container->pid, &of_first, &err), 0, "%s", err.message);
	for (int n = 0; n < RT_NS_COUNT; n++)
		cr_expect_eq(i.inode[n], of_first.inode[n], "%s",
			     rt_namespace_name((enum rt_namespace)n));
	cr_expect(sp_str_starts(i.cgroup, of_first.cgroup) && strcmp(i.cgroup, of_first.cgroup),
		  "%s", i.cgroup);
	cr_expect_eq(getsid(x->pid), x->pid);
	cr_expect_eq(rt_exec_signal(x, SIGTERM, &err), 0);
	cr_expect_eq(rt_exec_reap(x, 5000, &status, &err), 1);
	cr_expect_eq(status, 128 + SIGTERM);
	rt_exec_free(x);
}

Test(exec, killing_it_takes_along_all_it_started_and_nothing_else)
{
	const char *args[] = { "/bin/busybox", "sh", "-c", "sleep 100 & sleep 100 & wait", NULL };
	struct rt_exec_spec s = { .process = { .args = (char *const *)args,
					       .stdin_fd = -1,
					       .stdout_fd = -1,
					       .stderr_fd = -1 } };
	struct rt_exec *x = NULL;
	struct sp_err err = { 0 };
	struct rt_exit e;
	int status = 0;

	cr_assert_eq(rt_exec_start(box.engine, container, &s, &x, &err), 0, "%s", err.message);
	cr_expect_eq(rt_exec_kill(x, &err), 0);
	cr_expect_eq(rt_exec_reap(x, 5000, &status, &err), 1);
	cr_expect_eq(status, 137);
	rt_exec_free(x);
	cr_expect_eq(run_sh("busybox ps | grep -c 'sleep 100$'", NULL), 1, "%s", out);
	cr_expect_eq(rt_reap(container, 0, &e, &err), 0, "the container lives");
}

Test(exec, a_terminal_is_fresh_controlled_and_of_the_container)
{
	const char *args[] = { "/bin/busybox", "sh", "-c",
			       "busybox tty; busybox stty size; busybox stat -c %u $(busybox tty);"
			       "echo hi >/dev/tty; read line; echo got $line",
			       NULL };
	struct rt_exec_spec s = { .process = { .args = (char *const *)args, .user = "app" },
				  .tty = true,
				  .rows = 33,
				  .columns = 99 };
	struct rt_exec *x = NULL;
	struct sp_err err = { 0 };
	size_t used = 0;
	int status = 0;

	cr_assert_eq(rt_exec_start(box.engine, container, &s, &x, &err), 0, "%s", err.message);
	cr_assert_geq(x->pty_fd, 0);
	cr_expect_eq(write(x->pty_fd, "word\n", 5), 5);
	for (;;) {
		struct pollfd p = { .fd = x->pty_fd, .events = POLLIN };
		ssize_t n;

		cr_assert_eq(poll(&p, 1, 5000), 1);
		n = read(x->pty_fd, out + used, sizeof(out) - 1 - used);
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	out[used] = '\0';
	cr_expect(strstr(out, "/dev/pts/0") && strstr(out, "33 99") && strstr(out, "999") &&
			  strstr(out, "hi") && strstr(out, "got word"),
		  "%s", out);
	cr_expect_eq(rt_exec_reap(x, 5000, &status, &err), 1);
	rt_exec_free(x);
}

Test(exec, what_cannot_run_is_named)
{
	const char *args[] = { "no-such-program", NULL };
	struct rt_exec_spec s = { .process = { .args = (char *const *)args } };

	cr_expect_eq(run(&s), -ENOENT);
	cr_expect(strstr(out, "'no-such-program'"), "%s", out);
	args[0] = "true";
	s.process.cwd = "/not/there";
	cr_expect_eq(run(&s), -ENOENT);
	cr_expect(strstr(out, "working directory"), "%s", out);
}

Test(exec, a_container_that_is_gone_refuses)
{
	struct rt_exit e;

	rt_kill(container, NULL);
	cr_assert_eq(rt_reap(container, 5000, &e, NULL), 1);
	cr_expect_lt(run_sh("true", NULL), 0);
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* What was killed takes its time to go. */
static void clear_leftovers(void)
{
	struct pollfd p = { .events = POLLIN };

	while (rt_exec_leftovers(box.engine, &p.fd)) {
		cr_assert_geq(poll(&p, p.fd >= 0, p.fd >= 0 ? 10000 : 1), 0);
		sp_close(&p.fd);
	}
}

Test(exec, a_fault_at_any_step_leaves_nothing)
{
	const char *args[] = { "/bin/busybox", "sleep", "100", NULL };
	struct rt_exec_spec s = { .process = { .args = (char *const *)args,
					       .stdin_fd = -1,
					       .stdout_fd = -1,
					       .stderr_fd = -1 } };
	int fds = count_fds();
	unsigned int n;

	for (n = 1;; n++) {
		struct rt_exec *x = NULL;
		struct sp_err err = { 0 };
		struct rt_cgroup_usage usage;
		int r;

		rt_steps_fail_at(n);
		r = rt_exec_start(box.engine, container, &s, &x, &err);
		rt_steps_fail_at(0);
		if (r == 0) {
			rt_exec_free(x);
			break;
		}
		cr_expect(strstr(err.message, "fault injected"), "%s", err.message);
		clear_leftovers();
		cr_expect_eq(count_fds(), fds, "step %u leaves descriptors", n);
		cr_expect_eq(rt_cgroup_usage(container->cgroup_fd, &usage, NULL), 0);
	}
	cr_expect_geq(n, 4u);
	clear_leftovers();
	cr_expect_eq(run_sh("busybox ps | grep -c 'sleep 100$'; busybox ls -d /sys/fs/cgroup/exec-*"
			    " | busybox wc -l",
			    NULL),
		     0);
	cr_expect_str_eq(out, "0\n1\n");
}
