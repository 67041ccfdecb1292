/* A directory of a test's own, and a store in it. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <fcntl.h>

#include "base/path.h"
#include "control/store/seal.h"
#include "control/store/store.h"

static char scratch_dir[64], scratch_where[192];

static inline void scratch_make(void)
{
	snprintf(scratch_dir, sizeof(scratch_dir), "/tmp/sp-control-XXXXXX");
	cr_assert_not_null(mkdtemp(scratch_dir));
}

/* In memory, where a commit costs no disk: for tests of many processes that are killed, where no
 * host is. */
static inline void scratch_make_fast(void)
{
	bool fast = access("/dev/shm", W_OK) == 0;

	snprintf(scratch_dir, sizeof(scratch_dir), "%s/sp-control-XXXXXX",
		 fast ? "/dev/shm" : "/tmp");
	cr_assert_not_null(mkdtemp(scratch_dir));
}

static inline void scratch_remove(void)
{
	sp_remove_tree_at(AT_FDCWD, scratch_dir, NULL);
}

/* Where the store is: a file in the directory, unless a back end says otherwise (backends.h). */
static inline const char *scratch_url(void)
{
	if (!*scratch_where)
		snprintf(scratch_where, sizeof(scratch_where), "sqlite:%s/store.db", scratch_dir);
	return scratch_where;
}

/* One key a test; it lives as long as its process. */
static inline const struct seal *scratch_seal(void)
{
	static struct seal *seal;
	struct sp_err err = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/seal.key", scratch_dir);
	if (!seal)
		cr_assert_eq(seal_open(path, &seal, &err), 0, "%s", err.message);
	return seal;
}

static inline struct store *scratch_store(void)
{
	struct store *s = NULL;
	struct sp_err err = { 0 };

	cr_assert_eq(store_open(scratch_url(), scratch_seal(), &s, &err), 0, "%s", err.message);
	return s;
}
