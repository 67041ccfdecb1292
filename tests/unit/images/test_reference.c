/* The reference grammar. */
#include "images/reference.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"

#define HEX64  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX64

Test(reference, names_tags_and_digests_are_told_apart)
{
	static const struct {
		const char *text, *name, *tag, *digest, *key;
	} rows[] = {
		{ "a", "a", "latest", "", "a:latest" },
		{ "demo/api", "demo/api", "latest", "", "demo/api:latest" },
		{ "demo/api:1.2-rc_3", "demo/api", "1.2-rc_3", "", "demo/api:1.2-rc_3" },
		{ "Host.Example:5000/a/b:T", "Host.Example:5000/a/b", "T", "",
		  "Host.Example:5000/a/b:T" },
		{ "localhost:5000/a", "localhost:5000/a", "latest", "", "localhost:5000/a:latest" },
		{ "a.b_c__d--e/f", "a.b_c__d--e/f", "latest", "", "a.b_c__d--e/f:latest" },
		{ "a@" DIGEST, "a", "", DIGEST, "a" },
		{ "a:t@" DIGEST, "a", "t", DIGEST, "a:t" },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		char key[IMG_REFERENCE_MAX];
		struct img_reference r;
		struct sp_err err = { 0 };

		cr_assert_eq(img_reference_parse(rows[i].text, &r, &err), 0, "%s", err.message);
		cr_expect_str_eq(r.name, rows[i].name);
		cr_expect_str_eq(r.tag, rows[i].tag);
		cr_expect_str_eq(r.digest, rows[i].digest);
		img_reference_key(&r, key);
		cr_expect_str_eq(key, rows[i].key);
	}
}

Test(reference, everything_else_is_refused)
{
	static const char *const refused[] = {
		"",
		":",
		"a:",
		":t",
		"A",
		"a/B",
		"/a",
		"a/",
		"a//b",
		"a b",
		"a\n",
		"../a",
		"a/../b",
		"a/.",
		".a",
		"a.",
		"a..b",
		"a___b",
		"-a",
		"a-",
		"a:-t",
		"a:.t",
		"a:t t",
		"a:t:u",
		"a@",
		"a@sha256:",
		"a@md5:0",
		"a:t@" HEX64,
		"h:x/a",
		"h:/a",
		"h:123456/a",
		"a@" DIGEST "0",
		"a@" DIGEST "@" DIGEST,
	};
	static const struct img_reference untouched = { .name = "as before" };

	for (size_t i = 0; i < SP_COUNT(refused); i++) {
		struct img_reference r = untouched;
		struct sp_err err = { 0 };

		cr_expect_lt(img_reference_parse(refused[i], &r, &err), 0, "'%s'", refused[i]);
		cr_expect_eq(err.code, SP_E_INVALID);
		cr_expect_str_eq(r.name, "as before");
	}
}

Test(reference, lengths_have_an_end)
{
	char name[IMG_NAME_MAX + 2], tag[IMG_TAG_MAX + 4] = "a:";
	struct img_reference r;

	memset(name, 'a', sizeof(name));
	name[IMG_NAME_MAX] = '\0';
	cr_expect_eq(img_reference_parse(name, &r, NULL), 0);
	name[IMG_NAME_MAX] = 'a';
	name[IMG_NAME_MAX + 1] = '\0';
	cr_expect_lt(img_reference_parse(name, &r, NULL), 0);
	memset(tag + 2, 't', IMG_TAG_MAX);
	cr_expect_eq(img_reference_parse(tag, &r, NULL), 0);
	tag[IMG_TAG_MAX + 2] = 't';
	cr_expect_lt(img_reference_parse(tag, &r, NULL), 0);
}
