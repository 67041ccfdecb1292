/* Fencing tokens: only forward, for each stack on its own, on disk. */
#include "agentd/fence.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "tests/unit/agentd/dir.h"

Test(fence, a_lower_token_is_refused_an_equal_or_higher_one_passes, .init = make_dir,
     .fini = remove_dir)
{
	struct sp_err err = { 0 };

	cr_expect_eq(fence_pass(dirfd, "demo", 5, NULL), 0);
	cr_expect_eq(fence_pass(dirfd, "demo", 5, NULL), 0);
	cr_expect_lt(fence_pass(dirfd, "demo", 4, &err), 0);
	cr_expect_eq(err.code, SP_E_FENCED);
	cr_expect_eq(fence_pass(dirfd, "demo", UINT64_MAX, NULL), 0);
	cr_expect_lt(fence_pass(dirfd, "demo", 5, NULL), 0);
	cr_expect_lt(fence_pass(dirfd, "demo", 0, NULL), 0, "no token counts as the oldest");
}

Test(fence, stacks_do_not_fence_each_other, .init = make_dir, .fini = remove_dir)
{
	cr_expect_eq(fence_pass(dirfd, "a", 9, NULL), 0);
	cr_expect_eq(fence_pass(dirfd, "b", 1, NULL), 0);
	cr_expect_eq(fence_pass(dirfd, "c", 0, NULL), 0);
}

Test(fence, a_token_that_cannot_be_read_lets_nobody_pass, .init = make_dir, .fini = remove_dir)
{
	struct sp_err err = { 0 };

	cr_assert_eq(sp_file_replace_at(dirfd, "demo", "12x", 3, 0600, NULL), 0);
	cr_expect_lt(fence_pass(dirfd, "demo", 99, &err), 0);
	cr_expect_eq(err.code, SP_E_CORRUPT);
}
