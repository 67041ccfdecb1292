/* A root file system that means harm: links where the runtime mounts, makes or reads. */
#include "box.h"

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

TestSuite(hostile, .init = open_box, .fini = close_box);

static void put_link(const char *name, const char *to)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", box.layer, name);
	cr_assert_eq(symlink(to, path), 0, "%s: %s", path, strerror(errno));
}

static void put_directory(const char *name)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", box.layer, name);
	cr_assert_eq(mkdir(path, 0755), 0, "%s: %s", path, strerror(errno));
}

/* Run a script with one mount; returns as box_run_spec(). */
static int run_mounted(const struct rt_mount *m, const char *script)
{
	const char *args[] = { "/bin/busybox", "sh", "-c", script, NULL };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.mounts = m;
	s.spec.n_mounts = 1;
	return box_run_spec(&box, &s, out, sizeof(out));
}

Test(hostile, a_link_in_place_of_proc_sys_or_dev_is_refused)
{
	static const char *const names[] = { "proc", "sys", "dev" };

	for (size_t i = 0; i < 3; i++) {
		char path[PATH_MAX + 16];

		put_link(names[i], "/etc");
		cr_expect_lt(box_sh(&box, "true", out, sizeof(out)), 0, "/%s", names[i]);
		cr_expect(strstr(out, "symbolic link"), "%s", out);
		snprintf(path, sizeof(path), "%s/%s", box.layer, names[i]);
		unlink(path);
	}
}

Test(hostile, a_mount_target_through_a_link_stays_inside)
{
	const struct rt_mount m = { .type = RT_MOUNT_TMPFS, .target = "/data/sp-hostile" };

	put_link("data", "../../../../tmp");
	cr_expect_eq(run_mounted(&m, "grep -c ' /tmp/sp-hostile ' /proc/self/mountinfo"), 0, "%s",
		     out);
	cr_expect_str_eq(out, "1\n");
	cr_expect_neq(access("/tmp/sp-hostile", F_OK), 0);
}

Test(hostile, a_dangling_link_as_a_target_is_followed_inside)
{
	const struct rt_mount m = { .type = RT_MOUNT_TMPFS, .target = "/data" };
	char host[64];

	snprintf(host, sizeof(host), "/sp-hostile-%d/deep", getpid());
	put_link("data", host);
	cr_expect_eq(run_mounted(&m, "echo x >/data/file && cat /sp-hostile-*/deep/file"), 0, "%s",
		     out);
	cr_expect_str_eq(out, "x\n");
	cr_expect_neq(access(host, F_OK), 0);
}

Test(hostile, links_in_a_circle_end_with_an_error)
{
	const struct rt_mount m = { .type = RT_MOUNT_TMPFS, .target = "/a" };

	put_link("a", "/b");
	put_link("b", "/a");
	cr_expect_lt(run_mounted(&m, "true"), 0);
	cr_expect(strstr(out, "ymbolic link"), "%s", out);
}

Test(hostile, a_target_that_leads_into_proc_or_sys_is_refused)
{
	static const char *const targets[] = { "/data", "/proc/sys", "/sys/firmware",
					       "/proc/self/attr" };

	put_link("data", "/proc/self");
	for (size_t i = 0; i < 4; i++) {
		const struct rt_mount m = { .type = RT_MOUNT_TMPFS, .target = targets[i] };

		cr_expect_lt(run_mounted(&m, "true"), 0, "%s", targets[i]);
		cr_expect(strstr(out, "leads into /proc or /sys"), "%s", out);
	}
}

Test(hostile, a_magic_link_is_not_followed)
{
	const struct rt_mount m = { .type = RT_MOUNT_TMPFS, .target = "/data" };

	put_link("data", "/proc/1/root/tmp");
	cr_expect_lt(run_mounted(&m, "true"), 0);
	cr_expect(strstr(out, "ymbolic link"), "%s", out);
}

Test(hostile, targets_with_dots_or_without_a_slash_are_refused)
{
	static const char *const targets[] = { "/../etc", "/a/../../b", "/a/..", "tmp",
					       "/",       "//",         "" };

	for (size_t i = 0; i < 7; i++) {
		const struct rt_mount m = { .type = RT_MOUNT_TMPFS, .target = targets[i] };

		cr_expect_lt(run_mounted(&m, "true"), 0, "'%s'", targets[i]);
	}
}

Test(hostile, a_secret_is_not_written_through_a_link)
{
	const struct rt_file f = { .target = "/etc/secret", .content = "hush", .len = 4 };
	const char *args[] = { "/bin/busybox", "sh", "-c", "cat /etc/secret /inside", NULL };
	struct box_spec s;

	put_link("etc/secret", "/inside");
	box_spec(&box, args, &s);
	s.spec.files = &f;
	s.spec.n_files = 1;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "hushhush");
	cr_expect_neq(access("/inside", F_OK), 0);
	/* Nor is the secret on any disk: the overlay has only an empty file. */
	snprintf(out, sizeof(out), "%s/upper/inside", s.dir);
	cr_expect_eq(access(out, F_OK), 0);
	struct stat st;
	cr_expect(stat(out, &st) == 0 && st.st_size == 0);
}

Test(hostile, a_working_directory_cannot_be_outside)
{
	static const char *const cwds[] = { "/proc/self/fd/3", "/proc/1/root", "/up" };
	const char *args[] = { "/bin/busybox", "sh", "-c", "/bin/busybox pwd; ls /", NULL };

	put_link("up", "../../../..");
	for (size_t i = 0; i < 3; i++) {
		struct box_spec s;
		int r;

		box_spec(&box, args, &s);
		s.spec.process.cwd = cwds[i];
		r = box_run_spec(&box, &s, out, sizeof(out));
		cr_expect(r < 0 || !strncmp(out, "/\n", 2), "%s: %s", cwds[i], out);
	}
}

Test(hostile, passwd_may_be_missing_a_link_or_a_pipe)
{
	const char *args[] = { "/bin/busybox", "id", "-u", NULL };
	char path[PATH_MAX + 16];
	struct box_spec s;

	snprintf(path, sizeof(path), "%s/etc/passwd", box.layer);
	unlink(path);
	box_spec(&box, args, &s);
	s.spec.process.user = "12";
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "12\n");
	cr_assert_eq(mkfifo(path, 0666), 0);
	box_spec(&box, args, &s);
	s.spec.process.user = "app";
	cr_expect_lt(box_run_spec(&box, &s, out, sizeof(out)), 0);
	cr_expect(strstr(out, "is not a file"), "%s", out);
	unlink(path);
	put_link("etc/passwd", "/../../../../../../../../../etc/passwd");
	box_spec(&box, args, &s);
	s.spec.process.user = "daemon";
	cr_expect_lt(box_run_spec(&box, &s, out, sizeof(out)), 0, "the host's passwd was read");
}

Test(hostile, a_setuid_program_gains_nothing)
{
	const char *args[] = {
		"/bin/suid", "grep", "-E", "^(Uid|CapEff)", "/proc/self/status", NULL
	};
	char path[PATH_MAX + 16];
	struct box_spec s;

	box_copy("/bin/busybox", box.layer, "bin/suid");
	snprintf(path, sizeof(path), "%s/bin/suid", box.layer);
	chmod(path, 04755);
	box_spec(&box, args, &s);
	s.spec.process.user = "app";
	box_run_spec(&box, &s, out, sizeof(out));
	cr_expect(!strstr(out, "Uid:\t999\t0"), "%s", out);
}

Test(hostile, a_volume_with_links_does_not_lead_out)
{
	const struct rt_mount m[2] = {
		{ .type = RT_MOUNT_BIND, .source = NULL, .target = "/vol" },
		{ .type = RT_MOUNT_TMPFS, .target = "/vol/evil/x" },
	};
	struct rt_mount mounts[2] = { m[0], m[1] };
	const char *args[] = { "/bin/busybox", "true", NULL };
	char volume[PATH_MAX + 16], link[PATH_MAX + 32];
	struct box_spec s;

	snprintf(volume, sizeof(volume), "%s/volume", box.dir);
	snprintf(link, sizeof(link), "%s/evil", volume);
	cr_assert_eq(mkdir(volume, 0755), 0);
	cr_assert_eq(symlink("/proc", link), 0);
	mounts[0].source = volume;
	box_spec(&box, args, &s);
	s.spec.mounts = mounts;
	s.spec.n_mounts = 2;
	cr_expect_lt(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	put_directory("unrelated");
}
