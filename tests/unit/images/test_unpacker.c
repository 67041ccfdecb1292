/* The program that unpacks: what it is given, and that nothing it tells is believed. */
#include <criterion/criterion.h>
#include <errno.h>

#include "base/mem.h"
#include "tests/unit/images/fixture.h"

TestSuite(unpacker, .init = fixture_up, .fini = fixture_down, .timeout = 60);

/* Unpack a "layer" that the stand-in takes for its orders. */
static int unpack_with_stand_in(const char *orders, struct sp_err *err)
{
	char program[2048];
	int fd = memfd_create("layer", MFD_CLOEXEC);

	in_build("tests/unit/images/stand_in", program, sizeof(program));
	cr_assert_eq(img_unpacker_open(store, program, err), 0, "%s", err->message);
	cr_assert_eq(write(fd, orders, strlen(orders)), (ssize_t)strlen(orders));
	make_image(&fd, 1);
	return img_unpack(store, "t", NULL, NULL, err);
}

Test(unpacker, is_told_only_what_it_needs)
{
	autobuf struct sp_buf found = SP_BUF_INIT;
	struct sp_err err = { 0 };

	cr_assert_eq(setenv("SECRET", "of the agent", 1), 0);
	cr_assert_neq(signal(SIGPIPE, SIG_IGN), SIG_ERR);
	cr_assert_eq(unpack_with_stand_in("look", &err), 0, "%s", err.message);
	cr_assert_eq(sp_file_read_at(AT_FDCWD, in_layer(0, "found"), 4096, &found, &err), 0, "%s",
		     err.message);
	cr_expect_str_eq(found.data,
			 "argc 1, environment 0, descriptors 0, pid 1, signals 0, mask 0");
}

Test(unpacker, an_error_that_is_none_of_ours_is_not_passed_on)
{
	struct sp_err err = { 0 };

	cr_assert_lt(unpack_with_stand_in("nonsense", &err), 0);
	cr_expect_eq(err.code, SP_E_INTERNAL);
	cr_expect(strstr(err.message, "without a reason"), "%s", err.message);
	cr_expect_eq(count_in("layers"), 0);
	cr_expect_eq(count_in("tmp"), 0);
}

Test(unpacker, a_damaged_list_of_opaque_directories_is_told)
{
	struct sp_err err = { 0 };

	cr_assert_lt(unpack_with_stand_in("opaque", &err), 0);
	cr_expect_eq(err.code, SP_E_CORRUPT, "%s", err.message);
	cr_expect_eq(count_in("layers"), 0);
}

Test(unpacker, an_opaque_directory_outside_of_the_layer_is_refused)
{
	struct sp_err err = { 0 };

	cr_assert_lt(unpack_with_stand_in("point", &err), 0);
	cr_expect_eq(err.code, SP_E_ESCAPE, "%s", err.message);
	cr_expect_eq(count_in("layers"), 0);
}

Test(unpacker, its_memory_cannot_be_cut_short)
{
	struct sp_err err = { 0 };

	cr_assert_lt(unpack_with_stand_in("cut", &err), 0);
	cr_expect(strstr(err.message, "without a reason"), "%s", err.message);
}

Test(unpacker, one_that_crashes_is_told_by_its_signal)
{
	struct sp_err err = { 0 };

	cr_assert_lt(unpack_with_stand_in("die", &err), 0);
	cr_expect_eq(err.code, SP_E_INTERRUPTED);
	cr_expect(strstr(err.message, "signal 4"), "%s", err.message);
	cr_expect_eq(count_in("tmp"), 0);
}

Test(unpacker, must_be_there)
{
	struct sp_err err = { 0 };

	cr_expect_eq(img_unpacker_open(store, "/nowhere/agentd-unpack", &err), -ENOENT);
	cr_expect(strstr(err.message, "'/nowhere/agentd-unpack'"), "%s", err.message);
}
