/* The attacks that other runtimes fell for, one test each, as their advisories tell them. */
#include "box.h"

#include <grp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>

#include "runtime/engine_impl.h"
#include "runtime/exec.h"

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

TestSuite(replay, .init = open_box, .fini = close_box);

static const char *const all[] = { "ALL", NULL };

/* A container that sleeps, to be joined. */
static struct rt_container *sleeper(struct box_spec *s, const char *const *caps)
{
	static const char *const args[] = { "/bin/busybox", "sleep", "1000", NULL };
	struct rt_container *c = NULL;
	struct sp_err err = { 0 };

	box_spec(&box, args, s);
	s->spec.security.cap_add = (char *const *)caps;
	cr_assert_eq(rt_create(box.engine, &s->spec, &c, &err), 0, "%s", err.message);
	cr_assert_eq(rt_start(c, &err), 0, "%s", err.message);
	return c;
}

static void destroy(struct rt_container *c)
{
	cr_expect_eq(rt_destroy(box.engine, c, NULL), 0);
}

/* As box_run_spec(), for a process that joins. */
static int join(struct rt_container *c, struct rt_exec_spec *x)
{
	struct rt_exec *exec = NULL;
	struct sp_err err = { 0 };
	int p[2], status = -1, r;
	size_t used = 0;
	ssize_t n;

	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	x->process.stdin_fd = -1;
	x->process.stdout_fd = x->process.stderr_fd = p[1];
	r = rt_exec_start(box.engine, c, x, &exec, &err);
	close(p[1]);
	while (r == 0 && used < sizeof(out) - 1 &&
	       (n = read(p[0], out + used, sizeof(out) - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
	close(p[0]);
	if (r < 0) {
		snprintf(out, sizeof(out), "%s", err.message);
		return r;
	}
	cr_assert_eq(rt_exec_reap(exec, 10000, &status, &err), 1, "%s", err.message);
	rt_exec_free(exec);
	return status;
}

/* CVE-2024-21626: every descriptor that a runtime may have left open, as a way out. */
Test(replay, no_working_directory_is_reached_through_a_descriptor)
{
	const char *args[] = { "/bin/busybox", "ls", "../../../../..", NULL };
	int host = open("/", O_RDONLY | O_DIRECTORY); /* left open, and without O_CLOEXEC */
	struct box_spec first;
	struct rt_container *c = sleeper(&first, all);

	for (int fd = 0; fd < 40; fd++) {
		struct rt_exec_spec x = { .process = { .args = (char *const *)args } };
		struct box_spec s;
		char cwd[32];

		snprintf(cwd, sizeof(cwd), "/proc/self/fd/%d", fd);
		box_spec(&box, args, &s);
		s.spec.process.cwd = x.process.cwd = cwd;
		cr_expect_lt(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s: %s", cwd, out);
		cr_expect_lt(join(c, &x), 0, "%s: %s", cwd, out);
	}
	close(host);
	destroy(c);
}

Test(replay, no_descriptor_leaks_into_a_process_that_joins)
{
	const char *args[] = { "/bin/probe", "fds", NULL };
	struct rt_exec_spec x = { .process = { .args = (char *const *)args } };
	int host = open("/etc", O_RDONLY | O_DIRECTORY);
	struct box_spec first;
	struct rt_container *c = sleeper(&first, NULL);

	cr_expect_eq(join(c, &x), 0, "%s", out);
	cr_expect_str_empty(out);
	close(host);
	destroy(c);
}

/* CVE-2019-5736: the image's program is a script whose interpreter is the runtime itself. It runs
 * as any program may, and what it is a copy of stays as it is. */
Test(replay, the_runtime_made_to_execute_itself_is_sealed)
{
	static const char *const commands[] = { "/bin/evil", "/proc/self/exe" };
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	char path[PATH_MAX + 16];
	struct box_spec first;
	struct rt_container *c = sleeper(&first, all);

	box_write(box.layer, "bin/evil", "#!/proc/self/exe\n");
	snprintf(path, sizeof(path), "%s/bin/evil", box.layer);
	chmod(path, 0755);
	for (size_t i = 0; i < 2; i++) {
		const char *args[] = { commands[i], "run", NULL };
		struct rt_exec_spec x = { .process = { .args = (char *const *)args } };

		cr_expect_neq(join(c, &x), 0, "%s: %s", commands[i], out);
	}
	cr_expect_eq(fcntl(box.engine->spinit_fd, F_GET_SEALS) & seals, seals);
	cr_expect_lt(pwrite(box.engine->spinit_fd, "x", 1, 0), 0, "the agent itself can write it");
	destroy(c);
}

/* CVE-2016-9962, and with every capability that can be had in a container. */
Test(replay, init_is_out_of_reach_of_every_capability)
{
	const char *args[] = { "/bin/probe", "init", NULL };
	struct rt_exec_spec x = { .process = { .args = (char *const *)args },
				  .security = { .cap_add = (char *const *)all } };
	struct box_spec s, first;
	struct rt_container *c;

	box_spec(&box, args, &s);
	s.spec.security.cap_add = (char *const *)all;
	cr_assert_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect(!strstr(out, " ok") && strstr(out, "ptrace "), "%s", out);
	c = sleeper(&first, all);
	cr_assert_eq(join(c, &x), 0, "%s", out);
	cr_expect(!strstr(out, " ok") && strstr(out, "ptrace "), "%s", out);
	destroy(c);
}

/* CVE-2025-31133: what masks are made of is changed for something else. */
Test(replay, a_mask_is_not_made_of_what_lies_over_dev_null)
{
	static const char *const sources[] = { "/dev/zero", "/etc/passwd" };
	const char *args[] = { "/bin/true", NULL };

	for (size_t i = 0; i < 2; i++) {
		struct rt_mount m = { .type = RT_MOUNT_BIND,
				      .source = sources[i],
				      .target = "/dev/null",
				      .plain_ids = true };
		struct box_spec s;

		box_spec(&box, args, &s);
		s.spec.mounts = &m;
		s.spec.n_mounts = 1;
		cr_expect_lt(box_run_spec(&box, &s, out, sizeof(out)), 0);
		cr_expect(strstr(out, "null device"), "%s", out);
	}
}

/* CVE-2025-52565: /dev/console, the bind mount that came before the masks. Here there is none, and
 * a link of the image in its place is never looked at. */
Test(replay, there_is_no_console_to_be_mounted)
{
	char dev[PATH_MAX + 16], link[PATH_MAX + 32];

	snprintf(dev, sizeof(dev), "%s/dev", box.layer);
	snprintf(link, sizeof(link), "%s/console", dev);
	cr_assert_eq(mkdir(dev, 0755), 0);
	cr_assert_eq(symlink("/proc/sys/kernel/core_pattern", link), 0);
	cr_expect_eq(box_sh(&box,
			    "test ! -e /dev/console -a ! -L /dev/console && "
			    "! grep console /proc/self/mountinfo && "
			    "! echo x 2>/dev/null >/proc/sys/kernel/core_pattern",
			    out, sizeof(out)),
		     0, "%s", out);
}

/* CVE-2019-19921, CVE-2025-52881: what is written to a sysctl goes to the namespace's own. */
Test(replay, a_sysctl_cannot_be_led_astray)
{
	static const char *const keys[] = { "net.core/../../kernel.panic",
					    "net...kernel.panic",
					    "net.core.somaxconn/x",
					    "kernel.core_pattern",
					    "kernel.shm_rmid_forced/../panic",
					    "kernel.shm..panic" };
	static const char *const targets[] = { "/proc", "/proc/sys", "/proc/sys/net/core",
					       "/proc/sys/net/core/somaxconn" };
	const char *args[] = { "/bin/true", NULL };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct rt_sysctl key = { keys[i], "1" };
		struct box_spec s;

		box_spec(&box, args, &s);
		s.spec.sysctls = &key;
		s.spec.n_sysctls = 1;
		cr_expect_lt(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", keys[i]);
	}
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		const struct rt_mount m = { .type = RT_MOUNT_TMPFS, .target = targets[i] };
		const struct rt_sysctl key = { "net.core.somaxconn", "77" };
		struct box_spec s;

		box_spec(&box, args, &s);
		s.spec.mounts = &m;
		s.spec.n_mounts = 1;
		s.spec.sysctls = &key;
		s.spec.n_sysctls = 1;
		cr_expect_lt(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", targets[i]);
	}
}

/* CVE-2026-30892: numbers are read to their end, the same way for both ways in. */
Test(replay, a_user_is_a_name_or_a_whole_number)
{
	static const char *const none[] = {
		"1abc", " 1", "1 ",  "-1",         "+1",
		"0x1",  "1.", "0:x", "4294967296", "18446744073709551617",
		":-1",  "1:", "0\n"
	};
	const char *args[] = { "/bin/busybox", "id", "-u", NULL };
	struct box_spec first, s;
	struct rt_container *c = sleeper(&first, NULL);
	struct rt_exec_spec x = { .process = { .args = (char *const *)args } };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		box_spec(&box, args, &s);
		s.spec.process.user = x.process.user = none[i];
		cr_expect_lt(box_run_spec(&box, &s, out, sizeof(out)), 0, "'%s': %s", none[i], out);
		cr_expect_lt(join(c, &x), 0, "'%s': %s", none[i], out);
	}
	for (int exec = 0; exec < 2; exec++) {
		box_spec(&box, args, &s);
		s.spec.process.user = x.process.user = "1";
		cr_expect_eq(exec ? join(c, &x) : box_run_spec(&box, &s, out, sizeof(out)), 0, "%s",
			     out);
		cr_expect_str_eq(out, "1\n");
	}
	destroy(c);
}

/* CVE-2022-29162 and CVE-2022-36109, of an exec as of the first process: what is left to inherit,
 * and the groups of the user, not those of the agent. */
Test(replay, nothing_is_inherited_and_the_groups_are_the_users)
{
	const char *args[] = { "/bin/busybox",      "grep", "-E", "^(CapInh|CapBnd|CapAmb|Groups):",
			       "/proc/self/status", NULL };
	const char *want = "Groups:\t77 \nCapInh:\t0000000000000000\nCapBnd:\t00000000800405fb\n"
			   "CapAmb:\t0000000000000000\n";
	const gid_t agents[] = { 4, 27, 1000 };
	struct rt_exec_spec x = { .process = { .args = (char *const *)args, .user = "app" } };
	struct box_spec first, s;
	struct rt_container *c;

	cr_assert_eq(setgroups(3, agents), 0);
	c = sleeper(&first, NULL);
	box_spec(&box, args, &s);
	s.spec.process.user = "app";
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, want);
	cr_expect_eq(join(c, &x), 0, "%s", out);
	cr_expect_str_eq(out, want);
	destroy(c);
}

/* CVE-2017-5226: the terminal that the agent was started from is nobody's inside. */
Test(replay, the_agents_terminal_is_out_of_reach)
{
	const char *args[] = { "/bin/sh", "-c", "echo x 2>/dev/null >/dev/tty || echo none", NULL };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	struct rt_exec_spec x = { .process = { .args = (char *const *)args } };
	struct box_spec first;
	struct rt_container *c;

	cr_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	cr_assert(setsid() >= 0 || getsid(0) == getpid());
	slave = open(ptsname(master), O_RDWR);
	cr_assert_geq(slave, 0);
	cr_assert_eq(ioctl(slave, TIOCSCTTY, 0), 0);
	cr_expect_eq(box_sh(&box, args[2], out, sizeof(out)), 0);
	cr_expect_str_eq(out, "none\n");
	c = sleeper(&first, NULL);
	cr_expect_eq(join(c, &x), 0);
	cr_expect_str_eq(out, "none\n");
	destroy(c);
}

/* And on a terminal of its own nothing can be typed. */
Test(replay, on_a_terminal_attacks_are_refused_too)
{
	const char *args[] = { "/bin/probe", "refused", NULL };
	struct rt_exec_spec x = { .process = { .args = (char *const *)args,
					       .stdin_fd = -1,
					       .stdout_fd = -1,
					       .stderr_fd = -1 },
				  .tty = true };
	struct rt_exec *exec = NULL;
	struct box_spec first;
	struct rt_container *c = sleeper(&first, NULL);
	struct pollfd p = { .events = POLLIN };
	size_t used = 0;
	int status;

	cr_assert_eq(rt_exec_start(box.engine, c, &x, &exec, NULL), 0);
	p.fd = exec->pty_fd;
	for (ssize_t n = 1; n > 0; used += n > 0 ? (size_t)n : 0) {
		cr_assert_eq(poll(&p, 1, 5000), 1);
		n = read(exec->pty_fd, out + used, sizeof(out) - 1 - used);
	}
	out[used] = '\0';
	cr_expect(strstr(out, "ioctl EPERM") && !strstr(out, " ok") && !strstr(out, "ENOSYS"), "%s",
		  out);
	cr_expect_eq(rt_exec_reap(exec, 5000, &status, NULL), 1);
	rt_exec_free(exec);
	destroy(c);
}

static struct rt_exit end_of(struct rt_container *c)
{
	struct rt_exit x = { 0 };

	cr_assert_eq(rt_reap(c, 10000, &x, NULL), 1);
	return x;
}

/* 137 is how SIGKILL looks; who sent it, and whether for want of memory, is told apart. */
Test(replay, a_death_by_sigkill_is_not_taken_for_want_of_memory)
{
	static const char *const args[] = { "/bin/sh", "-c", "kill -9 $$", NULL };
	struct rt_container *c = NULL;
	struct box_spec s;
	struct rt_exit x;
	char text[64];

	box_spec(&box, args, &s);
	cr_assert_eq(rt_create(box.engine, &s.spec, &c, NULL), 0);
	cr_assert_eq(rt_start(c, NULL), 0);
	x = end_of(c);
	cr_expect(x.code == 137 && x.death == RT_DEATH_SIGNALED, "from inside: %s",
		  rt_death_name(x.death));
	destroy(c);
	for (int whole = 0; whole < 2; whole++) {
		c = sleeper(&s, NULL);
		cr_assert_eq(whole ? rt_kill(c, NULL) : rt_signal(c, SIGKILL, NULL), 0);
		x = end_of(c);
		rt_exit_format(&x, text, sizeof(text));
		cr_expect(x.code == 137 && x.death == RT_DEATH_KILLED, "from outside: %s", text);
		destroy(c);
	}
}
