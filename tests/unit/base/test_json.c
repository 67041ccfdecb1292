/* The strict JSON reader: addresses in messages, unknown members refused, first error kept. */
#include "base/json.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

static json_t *parse(const char *text)
{
	struct sp_err err = { 0 };
	json_t *j = NULL;

	cr_assert_eq(sp_json_parse(text, strlen(text), &j, &err), 0, "%s", err.message);
	return j;
}

Test(json, members_are_read_by_type)
{
	autojson json_t *j = parse(
		"{\"s\":\"x\",\"i\":3,\"b\":true,\"r\":1.5,\"v\":[\"a\",\"b\"],\"o\":{},\"n\":null}");
	struct sp_json_reader r;
	struct sp_err err = { 0 };
	char **v;

	sp_json_open(&r, j, "spec", &err);
	cr_expect_str_eq(sp_json_need_str(&r, "s"), "x");
	cr_expect_eq(sp_json_need_int(&r, "i", 0, 9), 3);
	cr_expect(sp_json_bool(&r, "b", false));
	cr_expect_float_eq(sp_json_real(&r, "r", 0), 1.5, 0.001);
	v = sp_json_strv(&r, "v");
	cr_expect_eq(sp_strv_count(v), 2);
	cr_expect_not_null(sp_json_object(&r, "o"));
	cr_expect_str_eq(sp_json_str(&r, "n", "fallback"), "fallback");
	cr_expect_eq(sp_json_int(&r, "absent", 0, 9, 5), 5);
	cr_expect_null(sp_json_array(&r, "absent too"));
	cr_expect_eq(sp_json_done(&r), 0, "%s", err.message);
	sp_strv_free(v);
}

Test(json, an_unknown_member_is_named_with_its_address)
{
	autojson json_t *j = parse("{\"known\":1,\"privileged\":true}");
	struct sp_json_reader r;
	struct sp_err err = { 0 };

	sp_json_open(&r, j, "workload.security", &err);
	sp_json_int(&r, "known", 0, 1, 0);
	cr_expect_lt(sp_json_done(&r), 0);
	cr_expect_str_eq(err.message, "workload.security.privileged: unknown key");
}

Test(json, the_first_error_is_the_one_that_is_kept)
{
	autojson json_t *j = parse("{\"a\":\"x\",\"b\":70000}");
	struct sp_json_reader r;
	struct sp_err err = { 0 };

	sp_json_open(&r, j, "p", &err);
	cr_expect_eq(sp_json_int(&r, "b", 1, 65535, 1), 1);
	sp_json_int(&r, "a", 0, 1, 0);
	sp_json_need_str(&r, "gone");
	cr_expect_lt(sp_json_done(&r), 0);
	cr_expect_str_eq(err.message, "p.b: is not between 1 and 65535");
	sp_json_open(&r, json_object_get(j, "a"), "p.a", &err);
	cr_expect_lt(sp_json_done(&r), 0);
	cr_expect_str_eq(err.message, "p.a: not an object");
}

Test(json, garbage_duplicates_and_deep_nesting_are_refused_with_a_place)
{
	autobuf struct sp_buf deep = SP_BUF_INIT;
	struct sp_err err = { 0 };
	json_t *j;

	cr_expect_lt(sp_json_parse("{\"a\":1,\"a\":2}", 13, &j, &err), 0);
	cr_expect_lt(sp_json_parse("{\"a\":\"\\u0000\"}", 14, &j, &err), 0);
	cr_expect_lt(sp_json_parse("{", 1, &j, &err), 0);
	cr_expect(strstr(err.message, "line 1"));
	for (int i = 0; i < 100000; i++)
		sp_buf_putc(&deep, '[');
	cr_expect_lt(sp_json_parse(deep.data, deep.len, &j, &err), 0);
}

Test(json, canonical_text_does_not_depend_on_the_order)
{
	autojson json_t *a = parse("{\"x\":1,\"y\":[1,2]}"), *b = parse("{\"y\":[1,2],\"x\":1}");
	char *ta = sp_json_canonical(a), *tb = sp_json_canonical(b);

	cr_expect_str_eq(ta, tb);
	free(ta);
	free(tb);
}

Test(json, a_quoted_string_reads_back_as_it_was)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	autojson json_t *back = NULL;
	char all[0x80 + 8] = { 0 };
	struct sp_err err = { 0 };

	for (int c = 1; c < 0x80; c++)
		all[c - 1] = (char)c;
	strcat(all, "\xc3\xa9\xe2\x82\xac");
	sp_json_quote(&text, all);
	cr_assert_eq(sp_buf_check(&text, &err), 0);
	back = json_loads(text.data, JSON_DECODE_ANY, NULL);
	cr_expect_str_eq(json_string_value(back), all);
}

Test(json, a_quoted_string_is_written_as_the_rfc_says)
{
	autobuf struct sp_buf text = SP_BUF_INIT;

	sp_json_quote(&text, "a\"b\\c\n\t\1");
	cr_expect_str_eq(text.data, "\"a\\\"b\\\\c\\n\\t\\u0001\"");
}
