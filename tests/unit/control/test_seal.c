/* Sealed texts: what they keep secret, and what they refuse to open. */
#include "control/store/seal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "tests/unit/control/scratch.h"

#define PLACE "operations.request:op-1"

static struct sp_err err;

TestSuite(seal, .init = scratch_make, .fini = scratch_remove);

static struct seal *open_key(const char *name)
{
	struct seal *k = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", scratch_dir, name);
	cr_assert_eq(seal_open(path, &k, &err), 0, "%s", err.message);
	return k;
}

static char *sealed_by(const struct seal *k, const char *text)
{
	char *sealed = NULL;

	cr_assert_eq(seal_close_text(k, PLACE, text, &sealed, &err), 0, "%s", err.message);
	return sealed;
}

Test(seal, what_is_sealed_comes_back_and_shows_nothing)
{
	static const char *const texts[] = { "", "x", "{\"password\": \"hunter2\"}", "\xc3\xa4" };
	auto_(seal_free) struct seal *k = open_key("key");

	for (size_t i = 0; i < SP_COUNT(texts); i++) {
		autofree char *sealed = sealed_by(k, texts[i]), *text = NULL;

		cr_expect_null(strstr(sealed, "hunter2"));
		cr_expect_eq(strncmp(sealed, "sp1:", 4), 0);
		cr_assert_eq(seal_open_text(k, PLACE, sealed, &text, &err), 0, "%s", err.message);
		cr_expect_str_eq(text, texts[i]);
	}
}

Test(seal, the_same_text_is_never_sealed_alike)
{
	auto_(seal_free) struct seal *k = open_key("key");
	autofree char *a = sealed_by(k, "same"), *b = sealed_by(k, "same");

	cr_expect_str_neq(a, b);
}

Test(seal, any_changed_character_is_refused)
{
	auto_(seal_free) struct seal *k = open_key("key");
	autofree char *sealed = sealed_by(k, "secret");
	size_t len = strlen(sealed);

	for (size_t i = 0; i < len; i++) {
		char was = sealed[i], *text = NULL;

		sealed[i] = was == 'A' ? 'B' : 'A';
		cr_expect_lt(seal_open_text(k, PLACE, sealed, &text, &err), 0, "at %zu", i);
		cr_expect_null(text);
		sealed[i] = was;
	}
}

Test(seal, a_text_cut_short_is_refused_at_every_length)
{
	auto_(seal_free) struct seal *k = open_key("key");
	autofree char *sealed = sealed_by(k, "secret");
	char *text = NULL;

	for (size_t len = strlen(sealed); len-- > 0;) {
		sealed[len] = '\0';
		cr_expect_lt(seal_open_text(k, PLACE, sealed, &text, &err), 0, "%zu", len);
	}
}

Test(seal, a_text_moved_to_another_row_is_refused)
{
	auto_(seal_free) struct seal *k = open_key("key");
	autofree char *sealed = sealed_by(k, "secret");
	char *text = NULL;

	cr_expect_eq(seal_open_text(k, "operations.request:op-2", sealed, &text, &err), -EBADMSG);
	cr_expect_str_eq(err.message,
			 "'operations.request:op-2' was altered, or sealed for another place");
}

Test(seal, another_key_is_named_in_the_refusal)
{
	auto_(seal_free) struct seal *k = open_key("key"), *other = open_key("other");
	autofree char *sealed = sealed_by(k, "secret");
	char *text = NULL;

	cr_expect_eq(seal_open_text(other, PLACE, sealed, &text, &err), -EACCES);
	cr_expect_not_null(strstr(err.message, seal_id(k)), "%s", err.message);
	cr_expect_not_null(strstr(err.message, seal_id(other)), "%s", err.message);
}

Test(seal, the_key_file_is_made_once_and_private)
{
	auto_(seal_free) struct seal *first = open_key("key"), *again = open_key("key");
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/key", scratch_dir);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_expect_str_eq(seal_id(first), seal_id(again));
}

Test(seal, a_key_file_others_may_read_or_that_holds_no_key_is_refused)
{
	struct seal *k = NULL;
	char path[128];

	seal_free(open_key("key"));
	snprintf(path, sizeof(path), "%s/key", scratch_dir);
	cr_assert_eq(chmod(path, 0640), 0);
	cr_expect_eq(seal_open(path, &k, &err), -EACCES);
	cr_expect_not_null(strstr(err.message, "mode 640"), "%s", err.message);
	cr_assert_eq(sp_file_replace_at(AT_FDCWD, path, "c2hvcnQ=\n", 9, 0600, &err), 0);
	cr_expect_eq(seal_open(path, &k, &err), -EINVAL);
	cr_expect_not_null(strstr(err.message, path), "%s", err.message);
}
