/* A directory of a test's own, and a store in it. Every driver runs the same contract tests. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <fcntl.h>

#include "base/path.h"
#include "control/store.h"

static char scratch_dir[64];

static inline void scratch_make(void)
{
	snprintf(scratch_dir, sizeof(scratch_dir), "/tmp/sp-control-XXXXXX");
	cr_assert_not_null(mkdtemp(scratch_dir));
}

static inline void scratch_remove(void)
{
	sp_remove_tree_at(AT_FDCWD, scratch_dir, NULL);
}

static inline const char *scratch_url(void)
{
	static char url[128];

	snprintf(url, sizeof(url), "sqlite:%s/store.db", scratch_dir);
	return url;
}

static inline struct store *scratch_store(void)
{
	struct store *s = NULL;
	struct sp_err err = { 0 };

	cr_assert_eq(store_open(scratch_url(), &s, &err), 0, "%s", err.message);
	return s;
}
