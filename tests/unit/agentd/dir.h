/* A directory of its own for each test: .init = make_dir, .fini = remove_dir. */
#pragma once

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"

static char path[] = "/tmp/sptest-agentd.XXXXXX";
static int dirfd;

static void make_dir(void)
{
	cr_assert_not_null(mkdtemp(path));
	dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(dirfd, 0);
}

static void remove_dir(void)
{
	close(dirfd);
	sp_remove_tree_at(AT_FDCWD, path, NULL);
}
