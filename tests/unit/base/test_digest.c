/* Digests: the published vectors, and the grammar that makes them safe as file names. */
#include "base/digest.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define OF_ABC     "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OF_NOTHING "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

Test(digest, the_vectors_of_fips_180_hold)
{
	char d[SP_DIGEST_MAX];

	cr_assert_eq(sp_digest_of("abc", 3, d, NULL), 0);
	cr_expect_str_eq(d, OF_ABC);
	cr_assert_eq(sp_digest_of("", 0, d, NULL), 0);
	cr_expect_str_eq(d, OF_NOTHING);
}

Test(digest, pieces_and_files_give_the_same)
{
	char d[SP_DIGEST_MAX];
	struct sp_digest *running;
	int pipes[2];

	cr_assert_eq(sp_digest_new(&running, NULL), 0);
	sp_digest_update(running, "a", 1);
	sp_digest_update(running, "bc", 2);
	sp_digest_finish(running, d);
	cr_expect_str_eq(d, OF_ABC);
	cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
	cr_assert_eq(write(pipes[1], "abc", 3), 3);
	close(pipes[1]);
	cr_expect_eq(sp_digest_of_fd(pipes[0], d, NULL), 0);
	cr_expect_str_eq(d, OF_ABC);
}

Test(digest, only_the_exact_grammar_is_valid)
{
	static const char *const bad[] = {
		"",
		"sha256:",
		"sha256:ab",
		"sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha256:../816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		OF_ABC "0",
		OF_ABC "\n"
	};

	cr_expect(sp_digest_valid(OF_ABC));
	cr_expect(!sp_digest_valid(NULL));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(!sp_digest_valid(bad[i]), "%s", bad[i]);
	cr_expect_eq(strlen(sp_digest_hex(OF_ABC)), 64);
}

Test(digest, random_hex_has_the_asked_length_and_differs)
{
	char a[33], b[33];

	cr_assert_eq(sp_random_hex(a, 16, NULL), 0);
	cr_assert_eq(sp_random_hex(b, 16, NULL), 0);
	cr_expect_eq(strlen(a), 32);
	cr_expect_str_neq(a, b);
	cr_expect_lt(sp_random_hex(a, 1000, NULL), 0);
}
