/* Uid ranges: one for each workload, never shared, kept over restarts. */
#include "agentd/uidrange.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "tests/unit/agentd/dir.h"

#define FIRST 1000000

Test(uidrange, ranges_do_not_overlap_and_survive_a_restart, .init = make_dir, .fini = remove_dir)
{
	struct uidrange u, again;
	uint32_t a, b, a_again;

	cr_assert_eq(uidrange_open(&u, dirfd, FIRST, NULL), 0);
	cr_assert_eq(uidrange_take(&u, "a", &a, NULL), 0);
	cr_assert_eq(uidrange_take(&u, "b", &b, NULL), 0);
	cr_expect_eq(a, FIRST);
	cr_expect_eq(b, FIRST + UIDRANGE_SIZE);
	cr_assert_eq(uidrange_open(&again, dirfd, FIRST, NULL), 0);
	cr_assert_eq(uidrange_take(&again, "a", &a_again, NULL), 0);
	cr_expect_eq(a_again, a);
	uidrange_close(&u);
	uidrange_close(&again);
}

Test(uidrange, what_is_given_back_is_used_again, .init = make_dir, .fini = remove_dir)
{
	struct uidrange u;
	uint32_t a, b, c;

	cr_assert_eq(uidrange_open(&u, dirfd, FIRST, NULL), 0);
	cr_assert_eq(uidrange_take(&u, "a", &a, NULL), 0);
	cr_assert_eq(uidrange_take(&u, "b", &b, NULL), 0);
	cr_assert_eq(uidrange_give_back(&u, "a", NULL), 0);
	cr_assert_eq(uidrange_give_back(&u, "nobody", NULL), 0);
	cr_assert_eq(uidrange_take(&u, "c", &c, NULL), 0);
	cr_expect_eq(c, a);
	uidrange_close(&u);
}

Test(uidrange, a_table_with_an_overlap_or_nonsense_is_refused, .init = make_dir, .fini = remove_dir)
{
	static const char *const bad[] = { "{\"a\":0,\"b\":0}", "{\"a\":-1}", "{\"a\":4094}",
					   "{\"a\":\"0\"}",     "[]",         "{" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct uidrange u;
		struct sp_err err = { 0 };

		cr_assert_eq(
			sp_file_replace_at(dirfd, "uids.json", bad[i], strlen(bad[i]), 0600, NULL),
			0);
		cr_expect_lt(uidrange_open(&u, dirfd, FIRST, &err), 0, "%s", bad[i]);
		cr_expect_eq(err.code, SP_E_CORRUPT);
	}
}

Test(uidrange, when_all_are_taken_the_next_is_refused, .init = make_dir, .fini = remove_dir)
{
	struct uidrange u;
	struct sp_err err = { 0 };
	uint32_t first;

	cr_assert_eq(uidrange_open(&u, dirfd, FIRST, NULL), 0);
	memset(u.map, 0xff, sizeof(u.map));
	cr_expect_lt(uidrange_take(&u, "a", &first, &err), 0);
	cr_expect_eq(err.code, SP_E_TOO_LARGE);
	uidrange_close(&u);
}
