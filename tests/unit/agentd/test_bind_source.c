/* What a bind mount may be of, and that it is what was checked. */
#include "agentd/bind_source.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

#define ROUNDS 5000

static char dir[64], state[96], run[96], shared[96];
static struct dirs own;

static void make_place(void)
{
	snprintf(dir, sizeof(dir), "/tmp/sptest-bind.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(state, sizeof(state), "%s/state", dir);
	snprintf(run, sizeof(run), "%s/run", dir);
	snprintf(shared, sizeof(shared), "%s/shared", dir);
	cr_assert_eq(dirs_open(state, run, &own, NULL), 0);
	cr_assert_eq(mkdir(shared, 0755), 0);
}

static void remove_place(void)
{
	dirs_close(&own);
	cr_expect_eq(sp_remove_tree_at(AT_FDCWD, dir, NULL), 0);
}

TestSuite(bind_source, .init = make_place, .fini = remove_place);

static const char *at(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* Opened and allowed: 0. The error, refused or not there, else. */
static int try(const char *path, bool make, struct sp_err *err)
{
	autoclose int fd = make ? bind_source_make(&own, path, err) : bind_source_open(path, err);

	return fd < 0 ? fd : bind_source_check(&own, fd, path, err);
}

Test(bind_source, what_the_agent_keeps_is_refused_by_every_name)
{
	char up[256];
	struct sp_err err = { 0 };

	cr_assert_eq(symlink("../state/volumes", at("shared/link")), 0);
	snprintf(up, sizeof(up), "%s/shared/../run", dir);
	for (const char *const *p = (const char *const[]){ state, run, dir, "/", up, NULL }; *p;
	     p++) {
		cr_expect_eq(try(*p, false, &err), -EACCES, "%s: %s", *p, err.message);
		cr_expect(strstr(err.message, "agent's own"), "%s", err.message);
	}
	cr_expect_eq(try(at("shared/link"), false, &err), -EACCES);
	cr_expect_eq(try(shared, false, &err), 0, "%s", err.message);
}

Test(bind_source, a_link_of_proc_is_not_followed)
{
	char path[64];
	struct sp_err err = { 0 };

	snprintf(path, sizeof(path), "/proc/self/fd/%d", own.state);
	cr_expect_eq(try(path, false, &err), -ELOOP, "%s", err.message);
	cr_expect_lt(try("/proc/self/root/etc", false, NULL), 0);
	cr_expect_lt(try("/proc/self/cwd", false, NULL), 0);
}

Test(bind_source, what_is_missing_is_made_and_nothing_below_the_agents_own)
{
	struct sp_err err = { 0 };
	struct stat st;

	cr_expect_eq(try(at("shared/a/b/c"), false, &err), -ENOENT);
	cr_expect_eq(try(at("shared/a/b/c"), true, &err), 0, "%s", err.message);
	cr_expect_eq(stat(at("shared/a/b/c"), &st), 0);
	cr_assert_eq(symlink(state, at("shared/evil")), 0);
	cr_expect_eq(try(at("shared/evil/new/dir"), true, &err), -EACCES, "%s", err.message);
	cr_expect_eq(stat(at("state/new"), &st), -1, "made in the agent's own");
	cr_assert_eq(symlink("nowhere", at("shared/dangling")), 0);
	cr_expect_lt(try(at("shared/dangling/x"), true, &err), 0, "through a dangling link");
	cr_expect_lt(try(at("shared/x/../../state/y"), true, &err), 0, "by way of '..'");
	cr_expect_eq(stat(at("state/y"), &st), -1);
}

static atomic_bool over;

/* shared/sub is a directory and a link to the agent's own by turns. */
static void *exchange(void *arg)
{
	(void)arg;
	while (!atomic_load(&over))
		renameat2(AT_FDCWD, "/proc/self/cwd/sub", AT_FDCWD, "/proc/self/cwd/other",
			  RENAME_EXCHANGE);
	return NULL;
}

Test(bind_source, exchanged_for_a_link_it_is_what_was_checked_or_refused)
{
	struct stat st, mine;
	pthread_t rival;
	char path[256];
	int taken = 0, refused = 0;

	cr_assert_eq(chdir(shared), 0);
	cr_assert(mkdir("sub", 0755) == 0 && mkdir("sub/deep", 0755) == 0);
	cr_assert(mkdir(at("state/deep"), 0700) == 0 && symlink("../state", "other") == 0);
	cr_assert_eq(stat(at("state/deep"), &mine), 0);
	snprintf(path, sizeof(path), "%s/sub/deep", shared);
	cr_assert_eq(pthread_create(&rival, NULL, exchange, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		autoclose int fd = bind_source_open(path, NULL);

		if (fd < 0 || bind_source_check(&own, fd, path, NULL) < 0) {
			refused++;
			continue;
		}
		taken++;
		cr_assert_eq(fstat(fd, &st), 0);
		cr_assert(st.st_ino != mine.st_ino || st.st_dev != mine.st_dev, "round %d", i);
	}
	atomic_store(&over, true);
	pthread_join(rival, NULL);
	cr_expect(taken && refused, "%d taken, %d refused: nothing was raced", taken, refused);
}
