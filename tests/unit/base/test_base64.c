/* Base64: the vectors of RFC 4648, and what is refused. */
#include "base/base64.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/mem.h"

Test(base64, the_vectors_of_the_rfc_go_both_ways)
{
	static const char *const rows[][2] = { { "", "" },
					       { "f", "Zg==" },
					       { "fo", "Zm8=" },
					       { "foo", "Zm9v" },
					       { "foob", "Zm9vYg==" },
					       { "fooba", "Zm9vYmE=" },
					       { "foobar", "Zm9vYmFy" } };

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		autofree char *text = sp_base64_encode(rows[i][0], strlen(rows[i][0]));
		autofree char *after = sp_base64_encode_after("x:", rows[i][0], strlen(rows[i][0]));
		autofree char *back = NULL;
		size_t len;

		cr_expect_str_eq(text, rows[i][1]);
		cr_assert_not_null(after);
		cr_expect(!strncmp(after, "x:", 2) && !strcmp(after + 2, text));
		cr_assert_eq(sp_base64_decode(text, &back, &len, NULL), 0);
		cr_expect_eq(len, strlen(rows[i][0]));
		cr_expect_str_eq(back, rows[i][0]);
	}
}

Test(base64, every_byte_survives)
{
	unsigned char all[256];
	autofree char *text = NULL, *back = NULL;
	size_t len;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)i;
	text = sp_base64_encode(all, sizeof(all));
	cr_assert_eq(sp_base64_decode(text, &back, &len, NULL), 0);
	cr_assert_eq(len, sizeof(all));
	cr_expect_arr_eq(back, all, sizeof(all));
}

Test(base64, anything_outside_the_grammar_is_refused)
{
	static const char *const bad[] = { "Z",    "Zg",   "Zg=",  "Zg= ",     "Zg==\n", "Z===",
					   "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9",   "Zm-_" };

	for (size_t i = 0; i < SP_COUNT(bad); i++) {
		struct sp_err err = { 0 };
		char *out = NULL;
		size_t len;

		cr_expect_lt(sp_base64_decode(bad[i], &out, &len, &err), 0, "'%s'", bad[i]);
		cr_expect_eq(err.code, SP_E_INVALID);
		cr_expect_null(out);
	}
}
