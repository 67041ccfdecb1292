/*
 * Attacks that win by being quick: a neighbour changes things round while a container is made or
 * joined. Each runs a fixed number of rounds; in every one of them the outcome must be a refusal,
 * or a container that is right.
 */
#include "box.h"

#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "runtime/engine_impl.h"
#include "runtime/exec.h"

#define ROUNDS 240

static struct box box;
static char out[65536];
static char volume[PATH_MAX + 16], mark[64];

static void open_box(void)
{
	box_open(&box);
	snprintf(mark, sizeof(mark), "sp-race-%d", getpid());
	snprintf(volume, sizeof(volume), "%s/volume", box.dir);
	cr_assert_eq(mkdir(volume, 0777), 0);
	cr_assert_eq(chmod(volume, 0777), 0);
}

static void close_box(void)
{
	box_close(&box);
}

TestSuite(race, .init = open_box, .fini = close_box, .timeout = 240);

/* The neighbour: a container of its own that shares the volume, with its output in a pipe. */
struct rival {
	struct box_spec spec;
	struct rt_mount mount;
	struct rt_container *container;
	int output;
};

static void rival_start(struct rival *r, const char *const *args, const char *const *caps)
{
	struct sp_err err = { 0 };
	int p[2];

	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	r->mount = (struct rt_mount){ .type = RT_MOUNT_BIND, .source = volume, .target = "/vol" };
	box_spec(&box, args, &r->spec);
	r->spec.spec.mounts = &r->mount;
	r->spec.spec.n_mounts = 1;
	r->spec.spec.security.cap_add = (char *const *)caps;
	r->spec.spec.process.stdout_fd = p[1];
	cr_assert_eq(rt_create(box.engine, &r->spec.spec, &r->container, &err), 0, "%s",
		     err.message);
	cr_assert_eq(rt_start(r->container, &err), 0, "%s", err.message);
	close(p[1]);
	r->output = p[0];
	cr_assert_eq(sp_fd_set_nonblock(r->output, NULL), 0);
}

static void rival_stop(struct rival *r)
{
	struct rt_exit x;

	cr_expect_eq(rt_reap(r->container, 0, &x, NULL), 0, "the neighbour gave up");
	cr_expect_eq(rt_destroy(box.engine, r->container, NULL), 0);
	close(r->output);
}

/* What the neighbour said since the last time. */
static const char *rival_said(const struct rival *r)
{
	ssize_t n = read(r->output, out, sizeof(out) - 1);

	out[n > 0 ? n : 0] = '\0';
	return out;
}

static void wait_for_word(const struct rival *r, const char *word)
{
	for (int i = 0; i < 6000; i++) {
		if (strstr(rival_said(r), word))
			return;
		usleep(5000);
	}
	cr_assert_fail("the rival never said '%s'", word);
}

/* volume/a is a directory and volume/b a link to this; what a former round made is gone. */
static void set_the_trap(const char *link)
{
	int fd = open(volume, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(sp_remove_tree_at(fd, "a", NULL), 0);
	cr_assert_eq(sp_remove_tree_at(fd, "b", NULL), 0);
	cr_assert_eq(mkdirat(fd, "a", 0777), 0);
	cr_assert_eq(symlinkat(link, fd, "b"), 0);
	close(fd);
}

static void expect_nothing_outside(const char *link)
{
	static const char *const places[] = { "/", "/tmp", "/etc", "/proc", "/dev", "." };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i], mark);
		cr_expect_neq(access(path, F_OK), 0, "%s, by way of %s", path, link);
	}
}

static const char *const exchange[] = { "/bin/probe", "exchange", "/vol/a", "/vol/b", NULL };

/* Where the link leads, and what is mounted on below it: to be made, or there already. */
static const struct {
	const char *link, *name;
} ways[] = {
	{ "/", mark },           { "../../../../../../../..", mark },
	{ "/proc", "sys" },      { "/proc/self", "attr" },
	{ "/sys/fs", "cgroup" },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* CVE-2021-30465, CVE-2024-45310, and CVE-2025-31133 where it leads into /proc: the parent of a
 * mount's target becomes a link while the target is made and mounted on. The mount is known by its
 * size. */
Test(race, the_target_of_a_mount_exchanged_for_a_link_never_leads_out)
{
	const char *args[] = { "/bin/busybox", "grep", "size=12k", "/proc/self/mountinfo", NULL };
	char target[96];
	struct rt_mount m[2] = {
		{ .type = RT_MOUNT_BIND, .source = volume, .target = "/vol" },
		{ .type = RT_MOUNT_TMPFS, .target = target, .size_bytes = 12288 },
	};

	for (size_t w = 0; w < WAYS; w++) {
		struct rival rival;

		snprintf(target, sizeof(target), "/vol/a/%s", ways[w].name);
		set_the_trap(ways[w].link);
		rival_start(&rival, exchange, NULL);
		for (size_t i = 0; i < ROUNDS / WAYS; i++) {
			struct box_spec s;

			box_spec(&box, args, &s);
			s.spec.mounts = m;
			s.spec.n_mounts = 2;
			if (box_run_spec(&box, &s, out, sizeof(out)) < 0)
				continue;
			cr_expect(strstr(out, "size=12k"), "mounted, and not to be seen: %s", out);
			cr_expect(!strstr(out, " /proc/") && !strstr(out, " /sys/"), "%s", out);
		}
		rival_stop(&rival);
		expect_nothing_outside(ways[w].link);
	}
}

/* A file that only the container may see, below a directory that its neighbour moves about. */
Test(race, a_secret_below_an_exchanged_directory_stays_off_the_volume)
{
	const char *args[] = { "/bin/busybox", "true", NULL };
	char target[96];
	struct rt_file f = { .target = target, .content = "hush", .len = 4 };
	struct rt_mount m = { .type = RT_MOUNT_BIND, .source = volume, .target = "/vol" };
	struct rival rival;

	snprintf(target, sizeof(target), "/vol/a/%s", mark);
	set_the_trap("../../../../../..");
	rival_start(&rival, exchange, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		struct box_spec s;

		box_spec(&box, args, &s);
		s.spec.mounts = &m;
		s.spec.n_mounts = 1;
		s.spec.files = &f;
		s.spec.n_files = 1;
		box_run_spec(&box, &s, out, sizeof(out));
	}
	rival_stop(&rival);
	expect_nothing_outside("..");
	for (const char *const *dir = (const char *const[]){ "a", "b", NULL }; *dir; dir++) {
		char path[PATH_MAX + 128];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s/%s", volume, *dir, mark);
		if (stat(path, &st) == 0)
			cr_expect_eq(st.st_size, 0, "%s", path);
	}
}

/* CVE-2024-21626, with the working directory changed round meanwhile: of the first process and of
 * one that joins. Inside, "/" is listed the same way wherever ".." leads. */
Test(race, a_working_directory_exchanged_for_a_link_is_inside)
{
	static const char *const cwds[] = { "/proc/self/fd", "../../../../../../../../.." };
	const char *args[] = { "/bin/busybox", "sh", "-c",
			       "/bin/busybox pwd; test -e /bin/probe -a -e ../../../../bin/probe",
			       NULL };

	for (size_t l = 0; l < 2; l++) {
		struct rival rival;

		set_the_trap(cwds[l]);
		rival_start(&rival, exchange, NULL);
		for (int i = 0; i < ROUNDS / 4; i++) {
			struct rt_exec_spec x = { .process = { .args = (char *const *)args,
							       .cwd = "/vol/a",
							       .stdin_fd = -1,
							       .stdout_fd = -1,
							       .stderr_fd = -1 } };
			struct rt_exec *exec = NULL;
			struct box_spec s;
			int r, status = -1;

			box_spec(&box, args, &s);
			s.spec.mounts = &rival.mount;
			s.spec.n_mounts = 1;
			s.spec.process.cwd = "/vol/a";
			r = box_run_spec(&box, &s, out, sizeof(out));
			cr_expect(r < 0 || (r == 0 && out[0] == '/'), "%d: %s", r, out);
			if (rt_exec_start(box.engine, rival.container, &x, &exec, NULL) < 0)
				continue;
			cr_expect_eq(rt_exec_reap(exec, 10000, &status, NULL), 1);
			cr_expect_eq(status, 0, "an exec was outside");
			rt_exec_free(exec);
		}
		rival_stop(&rival);
	}
}

static void exec_true(struct rt_container *c)
{
	const char *args[] = { "/bin/busybox", "true", NULL };
	struct rt_exec_spec x = { .process = { .args = (char *const *)args,
					       .stdin_fd = -1,
					       .stdout_fd = -1,
					       .stderr_fd = -1 } };
	struct rt_exec *exec = NULL;
	struct sp_err err = { 0 };
	int status;

	cr_assert_eq(rt_exec_start(box.engine, c, &x, &exec, &err), 0, "%s", err.message);
	cr_assert_eq(rt_exec_reap(exec, 10000, &status, &err), 1);
	rt_exec_free(exec);
}

/* CVE-2016-9962, CVE-2019-5736: what joins the container is still ours until it executes, and root
 * inside, with every capability that can be had there, gets no hold of it. */
Test(race, a_process_that_joins_cannot_be_caught_before_it_executes)
{
	static const char *const hunt[] = { "/bin/probe", "hunt", NULL }, *const all[] = { "ALL",
											   NULL };
	struct rival rival;
	int seen = 0, i;

	rival_start(&rival, hunt, all);
	for (i = 0; i < ROUNDS || (seen == 0 && i < 10 * ROUNDS); i++) {
		const char *said;

		exec_true(rival.container);
		said = rival_said(&rival);
		cr_expect(!strstr(said, "got"), "%s", said);
		seen += strstr(said, "seen") != NULL;
	}
	rival_stop(&rival);
	cr_expect_gt(seen, 0, "in %d rounds it was never seen, so nothing was tried", i);
}

/* Traced to the end by another process of its container, an exec cannot be reaped: who would wait
 * for it would wait for as long as the container pleases. */
Test(race, an_exec_that_is_traced_to_the_end_holds_nobody_up)
{
	static const char *const keep[] = { "/bin/probe", "keep", NULL };
	const char *args[] = { "/bin/busybox", "sleep", "1000", NULL };
	struct rt_exec_spec x = { .process = { .args = (char *const *)args,
					       .stdin_fd = -1,
					       .stdout_fd = -1,
					       .stderr_fd = -1 } };
	struct rt_exec *exec = NULL;
	struct sp_err err = { 0 };
	struct rival rival;
	int status = -1, pidfd = -1;

	rival_start(&rival, keep, NULL);
	wait_for_word(&rival, "waiting");
	cr_assert_eq(rt_exec_start(box.engine, rival.container, &x, &exec, &err), 0, "%s",
		     err.message);
	wait_for_word(&rival, "kept");
	cr_assert_eq(rt_exec_kill(exec, &err), 0);
	cr_assert_eq(rt_exec_reap(exec, 10000, &status, &err), 1, "%s", err.message);
	cr_expect_eq(status, 128 + SIGKILL);
	rt_exec_free(exec);
	cr_expect(rt_exec_leftovers(box.engine, &pidfd), "it was reaped, so nothing was tried");
	cr_expect_eq(pidfd, -1, "it has ended");
	rival_stop(&rival);
	cr_expect_not(rt_exec_leftovers(box.engine, &pidfd));
}

/* CVE-2025-52565: an exec's terminal is of a devpts, or the exec is refused, whatever is mounted
 * over /dev/pts by turns. */
Test(race, a_terminal_is_a_pty_whatever_lies_over_dev_pts)
{
	static const char *const cover[] = { "/bin/probe", "cover", "/dev/pts", NULL },
				 *const all[] = { "ALL", NULL };
	const char *args[] = { "/bin/busybox", "true", NULL };
	struct rival rival;

	rival_start(&rival, cover, all);
	for (int i = 0; i < ROUNDS; i++) {
		struct rt_exec_spec x = { .process = { .args = (char *const *)args,
						       .stdin_fd = -1,
						       .stdout_fd = -1,
						       .stderr_fd = -1 },
					  .tty = true };
		struct rt_exec *exec = NULL;
		struct statfs fs;
		struct stat st;
		int status;

		if (rt_exec_start(box.engine, rival.container, &x, &exec, NULL) < 0)
			continue;
		cr_expect(fstat(exec->pty_fd, &st) == 0 && st.st_rdev == makedev(5, 2));
		cr_expect(fstatfs(exec->pty_fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC);
		cr_expect_eq(rt_exec_reap(exec, 10000, &status, NULL), 1);
		rt_exec_free(exec);
	}
	rival_stop(&rival);
}

/* The kernel raises POLLPRI on mountinfo at each change, so also one that comes and goes is
 * noticed. Both ways of making an overlay. */
Test(race, no_mount_flickers_on_the_host_while_containers_come_and_go)
{
	struct pollfd mounts = { .events = POLLPRI };

	/* Other tests of this machine may mount what they like. */
	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	mounts.fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	cr_assert_geq(mounts.fd, 0);
	for (int attached = 0; attached < 2; attached++) {
		box.engine->attached_overlays = attached;
		for (int i = 0; i < ROUNDS / 4; i++) {
			cr_assert_eq(box_sh(&box, "true", out, sizeof(out)), 0, "%s", out);
			cr_expect_eq(poll(&mounts, 1, 0), 0, "a mount%s, round %d",
				     attached ? " of attached layers" : "", i);
		}
	}
	close(mounts.fd);
}
