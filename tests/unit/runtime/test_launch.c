/* A launch: what the container is to its process. */
#include "box_live.h"

#include <signal.h>
#include <sys/resource.h>

#include "runtime/engine_impl.h"
#include "runtime/isolation.h"

static struct box box;
static char out[65536];

static void open_box(void)
{
	box_open(&box);
}

static void close_box(void)
{
	box_close(&box);
}

TestSuite(launch, .init = open_box, .fini = close_box);

Test(launch, a_command_runs_and_its_status_comes_back)
{
	cr_expect_eq(box_sh(&box, "echo hello; exit 7", out, sizeof(out)), 7, "%s", out);
	cr_expect_str_eq(out, "hello\n");
}

Test(launch, the_workload_leads_its_session_below_init)
{
	cr_expect_eq(box_sh(&box, "cut -d' ' -f1,4,5,6 /proc/self/stat; cat /proc/1/comm", out,
			    sizeof(out)),
		     0);
	cr_expect_str_eq(out, "3 2 2 2\nspinit\n");
}

Test(launch, user_and_groups_come_from_the_container)
{
	static const struct {
		const char *user, *ids;
	} rows[] = {
		{ NULL, "uid=0(root) gid=0(root) groups=77(extra)\n" },
		{ "app", "uid=999(app) gid=998(app) groups=77(extra)\n" },
		{ "999", "uid=999(app) gid=998(app) groups=77(extra)\n" },
		{ "app:extra", "uid=999(app) gid=77(extra)\n" },
		{ "1234", "uid=1234 gid=0(root)\n" },
		{ "1234:5678", "uid=1234 gid=5678\n" },
	};
	const char *args[] = { "busybox", "id", NULL };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct box_spec s;

		box_spec(&box, args, &s);
		s.spec.process.user = rows[i].user;
		cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
		cr_expect_str_eq(out, rows[i].ids);
	}
}

Test(launch, a_user_that_is_none_is_refused)
{
	static const char *const users[] = { "nobody-here", "1x",         "-1",
					     "app:none",    "app:",       "65536",
					     "0:70000",     "4294967295", " 0" };
	const char *args[] = { "busybox", "id", NULL };

	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		struct box_spec s;

		box_spec(&box, args, &s);
		s.spec.process.user = users[i];
		cr_expect_lt(box_run_spec(&box, &s, out, sizeof(out)), 0, "'%s': %s", users[i],
			     out);
	}
}

Test(launch, environment_cwd_and_hostname_are_as_asked)
{
	const char *args[] = { "sh", "-c", "echo $A $HOME $PATH; busybox pwd; busybox hostname",
			       NULL };
	const char *environment[] = { "A=b c", NULL };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.process.environment = (char *const *)environment;
	s.spec.process.cwd = "/srv/new";
	s.spec.process.user = "app";
	s.spec.hostname = "db-1";
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "b c /home/app /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
			      "/sbin:/bin\n/srv/new\ndb-1\n");
}

Test(launch, a_missing_command_is_named)
{
	const char *missing[] = { "no-such-program", NULL }, *denied[] = { "/etc/passwd", NULL };
	struct box_spec s;

	box_spec(&box, missing, &s);
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), -ENOENT);
	cr_expect(strstr(out, "'no-such-program'"), "%s", out);
	box_spec(&box, missing, &s);
	s.spec.process.name_hidden = true;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), -ENOENT);
	cr_expect(strstr(out, "its command") && !strstr(out, "no-such-program"), "%s", out);
	box_spec(&box, denied, &s);
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), -EACCES);
	cr_expect(strstr(out, "'/etc/passwd'"), "%s", out);
}

Test(launch, sysctls_are_those_of_its_namespaces_only)
{
	const struct rt_sysctl good = { "net.ipv4.tcp_fin_timeout", "77" },
			       bad = { "kernel.panic", "1" };
	const char *args[] = { "sh", "-c",
			       "cat /proc/sys/net/ipv4/tcp_fin_timeout "
			       "/proc/sys/net/ipv4/ip_unprivileged_port_start",
			       NULL };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.sysctls = &good;
	s.spec.n_sysctls = 1;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "77\n0\n");
	box_spec(&box, args, &s);
	s.spec.sysctls = &bad;
	s.spec.n_sysctls = 1;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), -EINVAL);
}

Test(launch, resource_limits_apply_or_degrade_with_a_warning)
{
	const struct rt_rlimit l[] = { { "nofile", 100, 200 },
				       { "core", 0, 0 },
				       { "nproc", -1, -1 } };
	const char *args[] = { "sh", "-c", "ulimit -Sn; ulimit -Hn; ulimit -c", NULL };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.rlimits = l;
	s.spec.n_rlimits = 3;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "100\n200\n0\n");
}

Test(launch, the_agents_own_file_limit_is_not_the_containers)
{
	const char *args[] = { "sh", "-c", "ulimit -Sn; ulimit -Hn", NULL };
	const struct rt_rlimit own = { "nofile", 50, 60 };
	struct box_spec s;

	box.engine->set_files = true;
	box.engine->files = (struct rlimit){ 123, 456 };
	box_spec(&box, args, &s);
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "123\n456\n");
	box_spec(&box, args, &s);
	s.spec.rlimits = &own;
	s.spec.n_rlimits = 1;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "50\n60\n");
}

/* Not through the shell, which has habits of its own. */
Test(launch, no_signal_that_the_agent_ignores_is_ignored_inside)
{
	const char *args[] = { "/bin/busybox",      "grep", "-E", "Sig(Ign|Blk)",
			       "/proc/self/status", NULL };
	struct box_spec s;

	cr_assert_neq(signal(SIGPIPE, SIG_IGN), SIG_ERR);
	ignore_kernel_signal(32); /* the C libraries keep it to themselves */
	cr_assert_neq(signal(SIGHUP, SIG_IGN), SIG_ERR);
	box_spec(&box, args, &s);
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

Test(launch, only_the_loopback_is_there_and_up)
{
	cr_expect_eq(
		box_sh(&box,
		       "cd /sys/class/net; echo *; busybox ping -c1 -W1 127.0.0.1 >/dev/null &&"
		       " echo pong; cat lo/operstate",
		       out, sizeof(out)),
		0, "%s", out);
	cr_expect(sp_str_starts(out, "lo\n"), "%s", out);
}

Test(launch, dev_stdout_can_be_opened_by_the_user)
{
	const char *args[] = { "sh", "-c", "echo one >/dev/stdout; echo two >/dev/stderr", NULL };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.process.user = "app";
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "one\ntwo\n");
}

Test(launch, isolation_is_read_from_proc)
{
	struct box_spec s;
	struct rt_container *c = box_start(&box, &s, "exec sleep 100");
	struct sp_err err = { 0 };
	struct rt_isolation i;
	pid_t pid;

	cr_assert_eq(rt_isolation_read(c->pid, &i, &err), 0, "%s", err.message);
	cr_expect(i.own_namespaces && i.no_new_privs && i.seccomp == 2);
	cr_expect_eq(i.host_uid, BOX_FIRST_UID);
	cr_expect_eq(i.cap_effective, rt_caps_default);
	cr_expect_neq(i.pid, c->pid);
	cr_expect(sp_str_ends(i.cgroup, s.id), "%s", i.cgroup);
	pid = c->pid;
	box_destroy(&box, c);
	cr_expect_eq(rt_isolation_read(pid, &i, NULL), -ENOENT);
}
