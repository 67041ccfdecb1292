/* Whose the store is. */
#include "control/store/identity.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/control/records.h"

CONTRACT(the_first_to_come_owns_the_store_and_comes_again)
{
	cr_expect_eq(store_identity_check(s, "sha256:ca", "key1", &err), 0, "%s", err.message);
	cr_expect_eq(store_identity_check(s, "sha256:ca", "key1", &err), 0, "%s", err.message);
}

CONTRACT(another_seal_key_is_refused_and_both_are_named)
{
	cr_assert_eq(store_identity_check(s, "sha256:ca", "key1", &err), 0);
	cr_expect_eq(store_identity_check(s, "sha256:ca", "key2", &err), -EACCES);
	cr_expect_str_eq(err.message, "the store is sealed with key 'key1', ours is 'key2'; copy "
				      "the file of `seal_key` from its control host");
}

CONTRACT(another_authority_is_refused_and_both_are_named)
{
	cr_assert_eq(store_identity_check(s, "sha256:ca", "key1", &err), 0);
	cr_expect_eq(store_identity_check(s, "sha256:other", "key1", &err), -EACCES);
	cr_expect_not_null(strstr(err.message, "sha256:ca"));
	cr_expect_not_null(strstr(err.message, "sha256:other"));
}

CONTRACT(a_store_that_was_moved_says_where_to)
{
	char other[STORE_IDENTITY_MAX];

	cr_assert_eq(store_identity_claim(s, "moved_to", "postgresql://db/sp", other, &err), 1);
	cr_expect_eq(store_identity_check(s, "sha256:ca", "key1", &err), -EACCES);
	cr_expect_not_null(strstr(err.message, "postgresql://db/sp"));
}
