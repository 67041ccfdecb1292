/* The ways for older kernels, forced; and a launch from a process that uses io_uring. */
#include "box.h"

#include <sched.h>
#include <sys/mount.h>

#include "base/loop.h"
#include "runtime/engine_impl.h"
#include "runtime/exec.h"

static struct box box;
static char out[4096];

static void open_box(void)
{
	box_open(&box);
}

static void close_box(void)
{
	box_close(&box);
}

TestSuite(fallbacks, .init = open_box, .fini = close_box);

static void expect_works(void)
{
	cr_expect_eq(
		box_sh(&box, "echo x >/new && cat /new && test -c /dev/null", out, sizeof(out)), 0,
		"%s", out);
	cr_expect_str_eq(out, "x\n");
}

Test(fallbacks, layers_attached_in_a_helper_make_the_same_root)
{
	struct sp_buf before = SP_BUF_INIT, after = SP_BUF_INIT;

	cr_assert_eq(sp_file_read_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 22, &before, NULL), 0);
	box.engine->attached_overlays = true;
	expect_works();
	cr_expect_eq(box_sh(&box, "busybox stat -c %u /bin", out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "0\n", "the layers' ids are not mapped");
	cr_assert_eq(sp_file_read_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 22, &after, NULL), 0);
	cr_expect_str_eq(before.data, after.data, "the host's mounts changed");
	sp_buf_fini(&before);
	sp_buf_fini(&after);
}

/* Under systemd every mount is shared: what is mounted on a copy of one is mounted on it. */
Test(fallbacks, nothing_of_a_container_shows_among_mounts_that_are_shared)
{
	struct sp_buf before = SP_BUF_INIT, after = SP_BUF_INIT;

	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
	cr_assert_eq(sp_file_read_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 22, &before, NULL), 0);
	expect_works();
	box.engine->attached_overlays = true;
	expect_works();
	cr_assert_eq(sp_file_read_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 22, &after, NULL), 0);
	cr_expect_str_eq(before.data, after.data, "the host's mounts changed");
	sp_buf_fini(&before);
	sp_buf_fini(&after);
}

Test(fallbacks, a_dev_that_cannot_be_copied_is_made_anew)
{
	rt_devices_close(&box.engine->devices);
	expect_works();
}

Test(fallbacks, no_cache_directory_means_compiling)
{
	struct rt_seccomp_cache *old = box.engine->filters;

	cr_assert_eq(rt_seccomp_cache_new("/proc/no/such/place", &box.engine->filters, NULL), 0);
	expect_works();
	rt_seccomp_cache_free(old);
}

/* The kernel's workers count as threads: unshare and setns would fail in us. */
Test(fallbacks, a_process_with_an_io_uring_can_launch_and_exec)
{
	const char *args[] = { "/bin/busybox", "sleep", "100", NULL };
	const char *exec_args[] = { "/bin/busybox", "true", NULL };
	struct rt_exec_spec exec_spec = { .process = { .args = (char *const *)exec_args,
						       .stdin_fd = -1,
						       .stdout_fd = -1,
						       .stderr_fd = -1 } };
	struct rt_container *c = NULL;
	struct rt_exec *x = NULL;
	struct sp_loop *loop = NULL;
	struct sp_err err = { 0 };
	struct box_spec s;
	int status = -1;

	if (sp_loop_new(SP_LOOP_URING, &loop, &err) < 0)
		cr_skip("no io_uring here: %s", err.message);
	cr_assert_eq(sp_loop_run_once(loop, 0, &err), 0);
	box_spec(&box, args, &s);
	cr_assert_eq(rt_create(box.engine, &s.spec, &c, &err), 0, "%s", err.message);
	cr_assert_eq(rt_start(c, &err), 0, "%s", err.message);
	cr_assert_eq(rt_exec_start(box.engine, c, &exec_spec, &x, &err), 0, "%s", err.message);
	cr_expect_eq(rt_exec_reap(x, 5000, &status, &err), 1);
	cr_expect_eq(status, 0);
	rt_exec_free(x);
	cr_expect_eq(rt_destroy(box.engine, c, &err), 0, "%s", err.message);
	sp_loop_free(loop);
}
