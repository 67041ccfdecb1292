/* Paths below a root: nothing a hostile tree holds leads out of it. */
#include "base/path.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

static char dir[] = "/tmp/sp-test-path-XXXXXX";
static int root;

static void make_root(void)
{
	cr_assert(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(mkdirat(root, "in", 0755), 0);
	cr_assert_eq(mkdirat(root, "in/etc", 0755), 0);
	cr_assert_eq(sp_file_replace_at(root, "in/etc/passwd", "inner", 5, 0600, NULL), 0);
	cr_assert_eq(sp_file_replace_at(root, "secret", "outer", 5, 0600, NULL), 0);
	sp_close(&root);
	cr_assert((root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0);
	root = openat(root, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void drop_root(void)
{
	sp_remove_tree_at(AT_FDCWD, dir, NULL);
}

TestSuite(path, .init = make_root, .fini = drop_root);

Test(path, in_root_absolute_and_dotted_links_stay_inside)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	autoclose int fd = -1;

	cr_assert_eq(symlinkat("/etc/passwd", root, "absolute"), 0);
	cr_assert_eq(symlinkat("../../../../etc/passwd", root, "dotted"), 0);
	fd = sp_open_in_root(root, "/absolute", O_RDONLY, 0, NULL);
	cr_assert_geq(fd, 0);
	cr_expect_eq(sp_read_all(fd, 100, &text, NULL), 0);
	cr_expect_str_eq(text.data, "inner");
	close(fd);
	fd = sp_open_in_root(root, "dotted", O_RDONLY, 0, NULL);
	cr_expect_geq(fd, 0);
}

Test(path, beneath_every_way_out_is_an_escape)
{
	static const char *const ways[] = { "../secret", "up/secret", "absolute",
					    "etc/../../secret" };

	cr_assert_eq(symlinkat("..", root, "up"), 0);
	cr_assert_eq(symlinkat("/etc/passwd", root, "absolute"), 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct sp_err err = { 0 };

		cr_expect_lt(sp_open_beneath(root, ways[i], O_RDONLY, 0, &err), 0, "%s", ways[i]);
		cr_expect_eq(err.code, SP_E_ESCAPE, "%s: %s", ways[i], err.message);
	}
}

Test(path, magic_links_are_refused)
{
	autoclose int proc = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_expect_eq(sp_open_in_root(proc, "exe", O_RDONLY, 0, NULL), -ELOOP);
	cr_expect_lt(sp_open_in_root(proc, "root/etc/passwd", O_RDONLY, 0, NULL), 0);
}

Test(path, directories_are_made_but_never_through_a_link)
{
	struct sp_err err = { 0 };
	struct stat st;
	autoclose int fd = sp_mkdirs_beneath(root, "a/./b//c", 0755, NULL);

	cr_assert_geq(fd, 0);
	cr_expect_eq(fstatat(root, "a/b/c", &st, 0), 0);
	cr_assert_eq(symlinkat("..", root, "up"), 0);
	cr_expect_lt(sp_mkdirs_beneath(root, "up/made", 0755, &err), 0);
	cr_expect_lt(sp_mkdirs_beneath(root, "a/../../made", 0755, &err), 0);
	cr_expect_eq(err.code, SP_E_ESCAPE);
	cr_expect_lt(fstatat(root, "../made", &st, 0), 0);
}

Test(path, our_own_directories_are_made_with_their_parents)
{
	char deep[128];
	struct sp_err err = { 0 };

	snprintf(deep, sizeof(deep), "%s/x/y/z", dir);
	cr_expect_eq(sp_mkdirs(deep, 0700, NULL), 0);
	cr_expect_eq(sp_mkdirs(deep, 0700, NULL), 0);
	snprintf(deep, sizeof(deep), "%s/secret", dir);
	cr_expect_eq(sp_mkdirs(deep, 0700, &err), -ENOTDIR);
}

Test(path, removing_a_tree_does_not_follow_links)
{
	struct stat st;

	cr_assert_eq(mkdirat(root, "t", 0755), 0);
	cr_assert_eq(mkdirat(root, "t/d", 0755), 0);
	cr_assert_eq(symlinkat("../../etc", root, "t/d/link"), 0);
	cr_assert_eq(sp_file_replace_at(root, "t/d/f", "", 0, 0400, NULL), 0);
	cr_expect_eq(sp_remove_tree_at(root, "t", NULL), 0);
	cr_expect_eq(sp_remove_tree_at(root, "t", NULL), 0, "absent is fine");
	cr_expect_eq(fstatat(root, "etc/passwd", &st, 0), 0);
	cr_assert_eq(symlinkat("etc", root, "link"), 0);
	cr_expect_eq(sp_remove_tree_at(root, "link", NULL), 0);
	cr_expect_eq(fstatat(root, "etc/passwd", &st, 0), 0);
}

Test(path, removing_a_tree_stops_at_another_mount)
{
	struct sp_err err = { 0 };
	char at[128];

	snprintf(at, sizeof(at), "%s/in/t/m", dir);
	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_eq(sp_mkdirs(at, 0755, NULL), 0);
	cr_assert_eq(mount("none", at, "tmpfs", 0, NULL), 0);
	snprintf(at, sizeof(at), "%s/in/t/m/kept", dir);
	close(open(at, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	/* The root must be one of this mount namespace, or the mount is not on its way. */
	cr_assert_geq((root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)), 0);
	cr_expect_lt(sp_remove_tree_at(root, "in", &err), 0);
	cr_expect_eq(err.code, SP_E_CONFLICT, "%s", err.message);
	cr_expect_eq(access(at, F_OK), 0);
	*strrchr(at, '/') = '\0';
	umount2(at, MNT_DETACH);
}

Test(path, what_is_installed_together_is_found_together)
{
	char path[256], small[8];
	struct sp_err err = { 0 };

	cr_assert_eq(sp_path_beside("test_path", path, sizeof(path), &err), 0, "%s", err.message);
	cr_expect_eq(access(path, X_OK), 0, "'%s'", path);
	cr_expect_lt(sp_path_beside("test_path", small, sizeof(small), &err), 0);
	cr_expect_eq(err.code, SP_E_TOO_LARGE);
	cr_expect_lt(sp_path_beside("test_path_and_more", path, strlen(path) + 1, &err), 0);
}
