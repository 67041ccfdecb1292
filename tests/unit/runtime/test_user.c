/*
 * Users and targets as spinit resolves them in a hostile root. spinit is a program of its own, so
 * its sources are taken in here: that way the sanitizers see them too.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

/* clang-format off */
#include "runtime/init/target.c"
#include "runtime/init/database.c"
#include "runtime/init/user.c"
/* clang-format on */

#include "base/fd.h"
#include "base/path.h"

#define IDS 65536

static char dir[64];
static int root;

static void open_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/sp-user-XXXXXX");
	cr_assert(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(mkdirat(root, "etc", 0755), 0);
}

static void remove_dir(void)
{
	close(root);
	cr_expect_eq(sp_remove_tree_at(AT_FDCWD, dir, NULL), 0);
}

TestSuite(user, .init = open_dir, .fini = remove_dir);

static void put(const char *name, const void *data, size_t len)
{
	int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0);
	cr_assert_eq(sp_write_all(fd, data, len), 0);
	close(fd);
}

static int find(const char *text, struct user *ret)
{
	struct sp_err err = { 0 };

	return user_find(root, text, IDS, ret, &err);
}

Test(user, odd_lines_are_passed_over)
{
	static const char passwd[] = "\n:\n::::::\nshort\nbad:x:y:z::/h:/s\n"
				     "neg:x:-1:0::/:/\nbig:x:4294967295:0::/:/\n"
				     "long:x:99999999999999999999:0::/:/\n"
				     "ok:x:5:6:gecos:relative:/bin/sh:more:and:more\n"
				     "last:x:7:8::/home/last:/bin/sh";
	struct user u;

	put("etc/passwd", passwd, sizeof(passwd) - 1);
	for (const char *const *bad = (const char *const[]){ "short", "bad", "neg", "big", "long",
							     "x", "okay", ":", NULL };
	     *bad; bad++)
		cr_expect_lt(find(*bad, &u), 0, "'%s'", *bad);
	cr_assert_eq(find("ok", &u), 0);
	cr_expect(u.uid == 5 && u.gid == 6 && !strcmp(u.home, "/"), "%u %u %s", u.uid, u.gid,
		  u.home);
	cr_assert_eq(find("last", &u), 0, "without a line feed at the end");
	cr_expect(u.uid == 7 && u.gid == 8 && !strcmp(u.home, "/home/last"));
}

Test(user, more_groups_than_fit_are_cut_off)
{
	struct sp_buf group = SP_BUF_INIT;
	struct user u;

	put("etc/passwd", "a:x:1:1::/:/\n", 13);
	for (int i = 0; i < 3 * USER_GROUPS_MAX; i++)
		sp_buf_printf(&group, "g%d:x:%d:b,a,c\n", i, 100 + i);
	put("etc/group", group.data, group.len);
	sp_buf_fini(&group);
	cr_assert_eq(find("a", &u), 0);
	cr_expect_eq(u.n_groups, USER_GROUPS_MAX);
	cr_expect_eq(u.groups[0], 100);
}

Test(user, a_huge_database_is_refused)
{
	int fd = openat(root, "etc/passwd", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	struct user u;

	cr_assert_eq(ftruncate(fd, DATABASE_BYTES_MAX + 1), 0);
	close(fd);
	cr_expect_lt(find("root", &u), 0);
}

Test(user, noise_never_does_harm)
{
	static const char alphabet[] = ":\n,0123456789abx-\0\xff";
	char noise[2048];
	struct user u;

	srandom(4);
	for (int round = 0; round < 500; round++) {
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = alphabet[(size_t)random() % (sizeof(alphabet) - 1)];
		put("etc/passwd", noise, (size_t)random() % sizeof(noise));
		put("etc/group", noise, (size_t)random() % sizeof(noise));
		noise[8] = '\0';
		if (find(noise, &u) == 0)
			cr_expect(u.uid < IDS && u.gid < IDS);
	}
}

Test(user, targets_are_made_inside_whatever_the_links_say)
{
	static const struct {
		const char *link, *to, *target;
	} rows[] = {
		{ "up", "../../../../../../tmp", "/up/sp-target-test/x" },
		{ "abs", "/sp-target-test/deep/er", "/abs/x" },
		{ "rel", "sp-target-test/rel", "/rel" },
		{ "chain", "/rel/y", "/chain/z/" },
	};
	struct sp_err err = { 0 };
	int fd;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(symlinkat(rows[i].to, root, rows[i].link), 0);
		fd = target_make(root, rows[i].target, true, &err);
		cr_expect_geq(fd, 0, "%s: %s", rows[i].target, err.message);
		close(fd);
	}
	cr_expect_neq(access("/tmp/sp-target-test", F_OK), 0);
	cr_expect_neq(access("/sp-target-test", F_OK), 0);
	cr_expect_eq(faccessat(root, "tmp/sp-target-test/x", F_OK, 0), 0);
	cr_expect_eq(faccessat(root, "sp-target-test/deep/er/x", F_OK, 0), 0);
	cr_expect_eq(faccessat(root, "sp-target-test/rel/y/z", F_OK, 0), 0);
}
