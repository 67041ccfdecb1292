/* What a validation found: areas that pass by silence, counts, and the error of a failed one. */
#include "control/validate/validation.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

static const char *text_of(const json_t *view, size_t check, const char *member)
{
	const json_t *checks = json_object_get(view, "checks");

	return json_string_value(json_object_get(json_array_get(checks, check), member));
}

Test(validation, an_area_without_findings_has_passed_in_its_own_words)
{
	struct validation v = { 0 };
	autojson json_t *view = NULL;

	validation_begin(&v, "images");
	validation_end(&v, "all %d are there", 2);
	cr_assert_eq(validation_view(&v, "demo", 7, &view, NULL), 0);
	cr_expect(json_is_true(json_object_get(view, "ok")));
	cr_expect_eq(json_integer_value(json_object_get(view, "passed")), 1);
	cr_expect_str_eq(text_of(view, 0, "area"), "images");
	cr_expect_str_eq(text_of(view, 0, "message"), "all 2 are there");
	cr_expect_null(text_of(view, 0, "node"));
	validation_fini(&v);
}

Test(validation, an_area_with_findings_says_only_those_with_their_address)
{
	struct validation v = { 0 };
	struct validation_at at = { .file = "s.yaml", .line = 3, .column = 5, .node = "worker1" };
	autojson json_t *view = NULL;

	validation_begin(&v, "files");
	validation_add(&v, VALIDATION_WARN, &at, "'%s' is odd", "/x");
	validation_end(&v, "all is well");
	cr_assert_eq(validation_view(&v, "demo", 0, &view, NULL), 0);
	cr_expect_eq(json_array_size(json_object_get(view, "checks")), 1);
	cr_expect(json_is_true(json_object_get(view, "ok")), "a warning fails nothing here");
	cr_expect_eq(json_integer_value(json_object_get(view, "warned")), 1);
	cr_expect_str_eq(text_of(view, 0, "verdict"), "WARN");
	cr_expect_str_eq(text_of(view, 0, "node"), "worker1");
	cr_expect_eq(validation_result(&v, NULL), 0);
	validation_fini(&v);
}

Test(validation, the_first_failure_is_the_error_of_all)
{
	struct validation v = { 0 };
	struct sp_err err = { 0 };

	validation_begin(&v, "disk");
	validation_add(&v, VALIDATION_WARN, &(struct validation_at){ 0 }, "few are left");
	validation_add(&v, VALIDATION_FAIL, &(struct validation_at){ .node = "worker2" }, "full");
	validation_begin(&v, "files");
	validation_add(&v, VALIDATION_FAIL, &(struct validation_at){ 0 }, "gone");
	cr_expect_not(validation_ok(&v));
	cr_expect_lt(validation_result(&v, &err), 0);
	cr_expect_eq(err.code, SP_E_INVALID);
	cr_expect_eq(err.stage, SP_STAGE_VALIDATE);
	cr_expect_str_eq(err.message, "disk: worker2: full, and 1 more");
	validation_fini(&v);
}

Test(validation, text_that_is_no_utf8_is_not_lost_in_silence)
{
	struct validation v = { 0 };
	json_t *view = NULL;
	struct sp_err err = { 0 };

	validation_begin(&v, "files");
	validation_add(&v, VALIDATION_PASS, &(struct validation_at){ 0 }, "\xff");
	cr_expect_not(validation_ok(&v));
	cr_expect_lt(validation_view(&v, "demo", 0, &view, &err), 0);
	validation_fini(&v);
}

Test(validation, a_long_message_is_cut_between_characters)
{
	for (int lead = 0; lead < 3; lead++) {
		struct validation v = { 0 };
		autojson json_t *view = NULL;
		char text[700];

		memset(text, 'a', sizeof(text));
		for (size_t i = (size_t)lead; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, "\xE2\x82\xAC", 3);
		text[sizeof(text) - 1] = '\0';
		validation_begin(&v, "files");
		validation_add(&v, VALIDATION_PASS, &(struct validation_at){ 0 }, "%s", text);
		cr_assert_eq(validation_view(&v, "demo", 0, &view, NULL), 0);
		cr_expect_geq(strlen(text_of(view, 0, "message")), 476);
		validation_fini(&v);
	}
}
