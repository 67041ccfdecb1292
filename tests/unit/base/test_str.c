/* Strings: numbers parsed to the end, the identifier grammar, nearest names. */
#include "base/str.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(str, whole_numbers_are_parsed_to_the_end)
{
	static const char *const refused[] = { "",   "-1", "+1",   " 1",
					       "1 ", "1x", "0x10", "18446744073709551616" };
	uint64_t v = 7;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		cr_expect(sp_parse_u64(refused[i], &v, NULL) < 0, "'%s'", refused[i]);
	cr_expect_eq(v, 7);
	cr_expect_eq(sp_parse_u64("18446744073709551615", &v, NULL), 0);
	cr_expect_eq(v, UINT64_MAX);
}

Test(str, signed_numbers_reach_both_ends)
{
	int64_t v;

	cr_expect_eq(sp_parse_i64("-9223372036854775808", &v, NULL), 0);
	cr_expect_eq(v, INT64_MIN);
	cr_expect_eq(sp_parse_i64("9223372036854775807", &v, NULL), 0);
	cr_expect_eq(v, INT64_MAX);
	cr_expect_lt(sp_parse_i64("9223372036854775808", &v, NULL), 0);
	cr_expect_lt(sp_parse_i64("--1", &v, NULL), 0);
}

Test(str, sizes_take_the_units_of_compose)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = { { "0", 0 },           { "1024", 1024 },    { "10b", 10 },
		     { "64k", 65536 },     { "300kb", 307200 }, { "1.5g", 1610612736 },
		     { "2GB", 2147483648 } };
	static const char *const bad[] = { "",    "k",    "1q",           "1bb", "-1",
					   "1 m", "0x10", "99999999999t", "nan", "inf" };
	uint64_t v;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_expect_eq(sp_parse_bytes(good[i].text, &v, NULL), 0, "%s", good[i].text);
		cr_expect_eq(v, good[i].bytes, "%s", good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_lt(sp_parse_bytes(bad[i], &v, NULL), 0, "%s", bad[i]);
}

Test(str, an_id_is_safe_as_a_path_component)
{
	static const char *const good[] = { "a", "db", "demo-api-1", "a.b_c", "0" };
	static const char *const bad[] = {
		"",
		".",
		"..",
		"a..b",
		"-a",
		"a-",
		"A",
		"a/b",
		"a b",
		"a\n",
		"0123456789012345678901234567890123456789012345678901234567890123"
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_expect(sp_id_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(!sp_id_valid(bad[i]), "%s", bad[i]);
	cr_expect(!sp_id_valid(NULL));
}

Test(str, the_nearest_word_is_suggested_only_when_near)
{
	static const char *const words[] = { "deploy", "destroy", "logs", NULL };

	cr_expect_str_eq(sp_str_nearest("depoly", words), "deploy");
	cr_expect_str_eq(sp_str_nearest("log", words), "logs");
	cr_expect_null(sp_str_nearest("frobnicate", words));
}

Test(str, a_list_of_strings_grows_and_copies)
{
	char **v = NULL, **copy;

	cr_assert_eq(sp_strv_push(&v, "a"), 0);
	cr_assert_eq(sp_strv_push(&v, "b"), 0);
	copy = sp_strv_copy(v);
	cr_expect_eq(sp_strv_count(copy), 2);
	cr_expect_str_eq(copy[1], "b");
	cr_expect_null(sp_strv_copy(NULL));
	sp_strv_free(v);
	sp_strv_free(copy);
}
