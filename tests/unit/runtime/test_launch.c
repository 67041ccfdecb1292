/* A launch from spec to end: what the container is, and how its end is told. */
#include "box.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/time.h"
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

/* Started and left running; the caller destroys it. */
static struct rt_container *start(struct box_spec *s, const char *script)
{
	const char *args[] = { "/bin/busybox", "sh", "-c", script, NULL };
	struct rt_container *c = NULL;
	struct sp_err err = { 0 };

	box_spec(&box, args, s);
	cr_assert_eq(rt_create(box.engine, &s->spec, &c, &err), 0, "%s", err.message);
	cr_assert_eq(rt_start(c, &err), 0, "%s", err.message);
	return c;
}

static struct rt_exit end_of(struct rt_container *c)
{
	struct sp_err err = { 0 };
	struct rt_exit x = { 0 };

	cr_assert_eq(rt_reap(c, 10000, &x, &err), 1, "%s", err.message);
	return x;
}

static void destroy(struct rt_container *c)
{
	struct sp_err err = { 0 };

	cr_expect_eq(rt_destroy(box.engine, c, &err), 0, "%s", err.message);
}

/* The workload says that it is there by making a file in its root, which is upper/. */
static void await_file(const struct box_spec *s, const char *name)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/upper/%s", s->dir, name);
	for (int i = 0; i < 1000 && access(path, F_OK) < 0; i++)
		usleep(5000);
	cr_assert_eq(access(path, F_OK), 0, "no %s", path);
}

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
	box_spec(&box, denied, &s);
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), -EACCES);
	cr_expect(strstr(out, "'/etc/passwd'"), "%s", out);
}

Test(launch, layers_lie_over_one_another_and_stay_unchanged)
{
	const char *args[] = { "sh", "-c", "cat /over /only; echo changed >/over; rm /only", NULL };
	char top[PATH_MAX + 8];
	const char *layers[2] = { top, box.layer };
	struct sp_buf text = SP_BUF_INIT;
	struct box_spec s;

	snprintf(top, sizeof(top), "%s/top", box.dir);
	cr_assert_eq(mkdir(top, 0755), 0);
	box_write(box.layer, "over", "below\n");
	box_write(box.layer, "only", "only\n");
	box_write(top, "over", "above\n");
	box_spec(&box, args, &s);
	s.spec.layers = layers;
	s.spec.n_layers = 2;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "above\nonly\n");
	strcat(top, "/over");
	cr_expect_eq(sp_file_read_at(AT_FDCWD, top, 64, &text, NULL), 0);
	cr_expect_str_eq(text.data, "above\n");
	sp_buf_fini(&text);
}

Test(launch, a_read_only_root_is)
{
	const char *args[] = { "sh", "-c",
			       "touch /x 2>/dev/null || echo no; touch /tmp/y && echo yes", NULL };
	const struct rt_mount m = { .type = RT_MOUNT_TMPFS, .target = "/tmp" };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.read_only = true;
	s.spec.mounts = &m;
	s.spec.n_mounts = 1;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "no\nyes\n");
}

Test(launch, a_volume_keeps_the_ids_of_the_inside)
{
	const char *args[] = { "sh", "-c",
			       "busybox chown 999:998 /data/mine; busybox stat -c %u:%g /data/mine "
			       "/data/theirs; echo more >>/data/mine",
			       NULL };
	char volume[PATH_MAX + 8], path[PATH_MAX + 32];
	struct rt_mount m = { .type = RT_MOUNT_BIND, .source = volume, .target = "/data" };
	struct box_spec s;
	struct stat st;

	snprintf(volume, sizeof(volume), "%s/volume", box.dir);
	cr_assert_eq(mkdir(volume, 0755), 0);
	box_write(volume, "mine", "");
	box_write(volume, "theirs", "");
	snprintf(path, sizeof(path), "%s/theirs", volume);
	cr_assert_eq(chown(path, 33, 33), 0);
	box_spec(&box, args, &s);
	s.spec.mounts = &m;
	s.spec.n_mounts = 1;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "999:998\n33:33\n");
	snprintf(path, sizeof(path), "%s/mine", volume);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect(st.st_uid == 999 && st.st_gid == 998 && st.st_size == 5);
}

Test(launch, a_read_only_bind_and_a_file_bind_are_what_they_say)
{
	const char *args[] = { "sh", "-c",
			       "cat /etc/hosts; echo x 2>/dev/null >/etc/hosts || echo read-only",
			       NULL };
	char hosts[PATH_MAX + 8];
	struct rt_mount m = { .type = RT_MOUNT_BIND,
			      .source = hosts,
			      .target = "/etc/hosts",
			      .read_only = true,
			      .plain_ids = true };
	struct box_spec s;

	box_write(box.dir, "hosts", "10.0.0.1 db\n");
	snprintf(hosts, sizeof(hosts), "%s/hosts", box.dir);
	box_spec(&box, args, &s);
	s.spec.mounts = &m;
	s.spec.n_mounts = 1;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "10.0.0.1 db\nread-only\n");
}

Test(launch, a_source_that_is_not_there_is_named)
{
	const struct rt_mount m = { .type = RT_MOUNT_BIND,
				    .source = "/no/such/place",
				    .target = "/x" };
	const char *args[] = { "true", NULL };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.mounts = &m;
	s.spec.n_mounts = 1;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), -ENOENT);
	cr_expect(strstr(out, "/no/such/place"), "%s", out);
}

/* Trying again would not help: the launch must say so. */
Test(launch, a_source_whose_ids_cannot_be_mapped_is_unsupported)
{
	const char *args[] = { "/bin/true", NULL };
	const struct rt_mount mount = { .type = RT_MOUNT_BIND,
					.source = "/proc",
					.target = "/host" };
	struct rt_container *c = NULL;
	struct sp_err err = { 0 };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.mounts = &mount;
	s.spec.n_mounts = 1;
	cr_expect_lt(rt_create(box.engine, &s.spec, &c, &err), 0);
	cr_expect_eq(err.code, SP_E_UNSUPPORTED, "%s", err.message);
	cr_expect(strstr(err.message, "'/proc'"), "%s", err.message);
}

Test(launch, files_have_their_owner_mode_and_content)
{
	const char *args[] = { "sh", "-c",
			       "busybox stat -c '%u:%g %a' /run/secrets/key; cat /run/secrets/key;"
			       "grep -c /run/secrets/key.*tmpfs /proc/self/mountinfo",
			       NULL };
	const struct rt_file f = { .target = "/run/secrets/key",
				   .content = "s3cret\n",
				   .len = 7,
				   .mode = 0400,
				   .uid = 999,
				   .gid = 998 };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.files = &f;
	s.spec.n_files = 1;
	s.spec.process.user = "app";
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "999:998 400\ns3cret\n1\n");
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

Test(launch, a_stop_signal_reaches_the_workload_and_is_told)
{
	struct box_spec s;
	struct rt_container *c =
		start(&s, "trap 'exit 3' TERM; touch /up; while :; do sleep 0.05; done");
	struct rt_exit x;

	await_file(&s, "up");
	cr_expect_eq(rt_signal(c, SIGTERM, NULL), 0);
	x = end_of(c);
	cr_expect(x.death == RT_DEATH_STOPPED && x.code == 3 && x.stopped_by == SIGTERM,
		  "%s %d by %d", rt_death_name(x.death), x.code, x.stopped_by);
	destroy(c);
}

Test(launch, a_signal_of_its_own_is_told_as_one)
{
	struct box_spec s;
	struct rt_container *c = start(&s, "kill -SEGV $$");
	struct rt_exit x = end_of(c);
	char text[64];

	rt_exit_format(&x, text, sizeof(text));
	cr_expect_str_eq(text, "killed by SIGSEGV");
	cr_expect_eq(x.code, 139);
	destroy(c);
}

Test(launch, killing_all_of_it_leaves_no_record)
{
	struct box_spec s;
	struct rt_container *c = start(&s, "sleep 100 & sleep 100");
	struct rt_exit x;

	cr_expect_eq(rt_kill(c, NULL), 0);
	x = end_of(c);
	cr_expect(x.death == RT_DEATH_KILLED && x.code == 137, "%s", rt_death_name(x.death));
	destroy(c);
	cr_expect_eq(rt_exit_read(s.dir, &x, NULL), 0);
	x = (struct rt_exit){ 0 };
	cr_expect_eq(rt_end_of_gone(box.engine, s.id, s.dir, &x, NULL), 0);
	cr_expect(x.death == RT_DEATH_KILLED && x.code == 137, "%s", rt_death_name(x.death));
}

Test(launch, orphans_inside_are_reaped)
{
	cr_expect_eq(box_sh(&box,
			    "for i in 1 2 3 4 5; do (sh -c 'sleep 0.02' &) ; done; sleep 0.2;"
			    "grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null; true",
			    out, sizeof(out)),
		     0);
	cr_expect_str_empty(out);
}

Test(launch, the_end_waits_for_a_reader_when_asked)
{
	const char *args[] = { "sh", "-c", "echo last words", NULL };
	struct rt_container *c = NULL;
	struct sp_err err = { 0 };
	struct box_spec s;
	struct rt_exit x;
	char text[64] = "";
	int p[2];

	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	box_spec(&box, args, &s);
	s.spec.drain = true;
	s.spec.process.stdout_fd = p[1];
	cr_assert_eq(rt_create(box.engine, &s.spec, &c, &err), 0, "%s", err.message);
	cr_assert_eq(rt_start(c, &err), 0, "%s", err.message);
	cr_expect_eq(rt_reap(c, 200, &x, NULL), 0, "it went before its output was read");
	cr_expect_eq(rt_exit_read(s.dir, &x, NULL), 1, "its status is already recorded");
	cr_expect_gt(read(p[0], text, sizeof(text) - 1), 0);
	cr_expect_str_eq(text, "last words\n");
	x = end_of(c);
	cr_expect_eq(x.death, RT_DEATH_EXITED);
	destroy(c);
	close(p[0]);
	close(p[1]);
}

Test(launch, a_container_is_found_again_by_its_directory)
{
	struct box_spec s;
	struct rt_container *first = start(&s, "sleep 100"), *again = NULL;
	struct sp_err err = { 0 };
	struct rt_exit x;

	cr_assert_eq(rt_adopt(box.engine, s.id, s.dir, &again, &err), 1, "%s", err.message);
	cr_expect_eq(again->pid, first->pid);
	cr_expect_eq(again->start_time, first->start_time);
	cr_expect_geq(again->netns_fd, 0);
	cr_expect_eq(rt_signal(again, SIGKILL, NULL), 0);
	cr_expect_eq(rt_reap(again, 5000, &x, NULL), 1);
	rt_forget(again);
	cr_expect_eq(rt_adopt(box.engine, s.id, s.dir, &again, &err), 0, "it is gone");
	destroy(first);
}

Test(launch, another_process_of_the_same_pid_is_not_adopted)
{
	struct box_spec s;
	struct rt_container *c = start(&s, "sleep 100"), *again = NULL;
	char line[256];

	snprintf(line, sizeof(line),
		 "pid=%d start=%lu boot=00000000-0000-0000-0000-000000000000 .\n", c->pid,
		 (unsigned long)c->start_time);
	box_write(s.dir, "state", line);
	cr_expect_eq(rt_adopt(box.engine, s.id, s.dir, &again, NULL), 0, "another boot");
	snprintf(line, sizeof(line), "pid=%d start=1", getpid());
	box_write(s.dir, "state", line);
	cr_expect_eq(rt_adopt(box.engine, s.id, s.dir, &again, NULL), 0, "cut short");
	cr_expect_eq(rt_adopt(box.engine, s.id, "/no/such/dir", &again, NULL), 0);
	destroy(c);
}

Test(launch, isolation_is_read_from_proc)
{
	struct box_spec s;
	struct rt_container *c = start(&s, "exec sleep 100");
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
	destroy(c);
	cr_expect_eq(rt_isolation_read(pid, &i, NULL), -ENOENT);
}
