/* `${}` interpolation, form by form. */
#include "stackfile/interpolate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static const char *lookup(void *state, const char *name)
{
	(void)state;
	if (!strcmp(name, "SET"))
		return "value";
	if (!strcmp(name, "EMPTY"))
		return "";
	if (!strcmp(name, "DOLLAR"))
		return "$SET ${SET}";
	return NULL;
}

static char unset_name[64];
static size_t unset_offset;

static void unset(void *state, const char *name, size_t offset)
{
	(void)state;
	snprintf(unset_name, sizeof(unset_name), "%s", name);
	unset_offset = offset;
}

static const struct interpolate_vars vars = { .lookup = lookup, .unset = unset };

Test(interpolate, gives_each_form_its_value)
{
	static const struct {
		const char *text, *result;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "$SET", "value" },
		{ "${SET}", "value" },
		{ "a${SET}b$SET.c", "avalueb"
				    "value.c" },
		{ "$$SET $${SET} $$$$", "$SET ${SET} $$" },
		{ "$$$SET", "$value" },
		{ "${SET:-x}", "value" },
		{ "${EMPTY:-x}", "x" },
		{ "${NONE:-x}", "x" },
		{ "${SET-x}", "value" },
		{ "${EMPTY-x}", "" },
		{ "${NONE-x}", "x" },
		{ "${NONE:-}", "" },
		{ "${SET:+x}", "x" },
		{ "${EMPTY:+x}", "" },
		{ "${NONE:+x}", "" },
		{ "${SET+x}", "x" },
		{ "${EMPTY+x}", "x" },
		{ "${NONE+x}", "" },
		{ "${SET:?gone}", "value" },
		{ "${EMPTY?gone}", "" },
		{ "${NONE:-${SET}}", "value" },
		{ "${NONE:-${EMPTY:-${NONE-deep}}}!", "deep!" },
		{ "${NONE:-a$$b}", "a$b" },
		{ "${NONE:-{\"a\":{}}}", "{\"a\":{}}" },
		{ "${SET:-${NONE:?not used}}", "value" },
		{ "${NONE:+${NONE:?not used}}", "" },
		{ "${NONE:-:-?+}", ":-?+" },
		{ "$DOLLAR", "$SET ${SET}" },
		{ "}{", "}{" },
		{ "${_A1-ok}", "ok" },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autobuf struct sp_buf out = { 0 };
		struct interpolate_problem p;

		cr_expect_eq(interpolate(cases[i].text, &vars, &out, &p), INTERPOLATE_OK, "%s",
			     cases[i].text);
		cr_expect_str_eq(out.data ? out.data : "", cases[i].result, "%s", cases[i].text);
	}
}

Test(interpolate, tells_what_is_wrong_and_where)
{
	static const struct {
		const char *text;
		enum interpolate_result result;
		size_t offset;
	} cases[] = {
		{ "ab$", INTERPOLATE_SYNTAX, 2 },
		{ "$ x", INTERPOLATE_SYNTAX, 0 },
		{ "a $1", INTERPOLATE_SYNTAX, 2 },
		{ "${", INTERPOLATE_SYNTAX, 0 },
		{ "${}", INTERPOLATE_SYNTAX, 0 },
		{ "${SET", INTERPOLATE_SYNTAX, 0 },
		{ "${1A}", INTERPOLATE_SYNTAX, 0 },
		{ "x${SET x}", INTERPOLATE_SYNTAX, 1 },
		{ "${SET:x}", INTERPOLATE_SYNTAX, 0 },
		{ "${SET:}", INTERPOLATE_SYNTAX, 0 },
		{ "$(cmd)", INTERPOLATE_SYNTAX, 0 },
		{ "ab${NONE?}", INTERPOLATE_REQUIRED, 2 },
		{ "${EMPTY:?}", INTERPOLATE_REQUIRED, 0 },
		{ "${NONE:-a${NONE:?}}", INTERPOLATE_REQUIRED, 9 },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autobuf struct sp_buf out = { 0 };
		struct interpolate_problem p;

		cr_expect_eq(interpolate(cases[i].text, &vars, &out, &p), cases[i].result, "%s",
			     cases[i].text);
		cr_expect_eq(p.offset, cases[i].offset, "%s: %zu", cases[i].text, p.offset);
	}
}

Test(interpolate, quotes_the_message_of_a_required_variable)
{
	autobuf struct sp_buf out = { 0 };
	struct interpolate_problem p;

	cr_expect_eq(interpolate("${NONE:?set it to $SET}", &vars, &out, &p), INTERPOLATE_REQUIRED);
	cr_expect_str_eq(p.name, "NONE");
	cr_expect_str_eq(p.message, "set it to value");
}

Test(interpolate, reports_a_variable_that_becomes_nothing)
{
	autobuf struct sp_buf out = { 0 };
	struct interpolate_problem p;

	cr_expect_eq(interpolate("ab${NONE}c", &vars, &out, &p), INTERPOLATE_OK);
	cr_expect_str_eq(out.data, "abc");
	cr_expect_str_eq(unset_name, "NONE");
	cr_expect_eq(unset_offset, 2);
}

Test(interpolate, refuses_to_nest_without_end)
{
	char text[1024] = "";
	autobuf struct sp_buf out = { 0 };
	struct interpolate_problem p;

	for (int i = 0; i < INTERPOLATE_DEPTH_MAX + 1; i++)
		memcpy(text + strlen(text), "${A:-", 6);
	for (int i = 0; i < INTERPOLATE_DEPTH_MAX + 1; i++)
		memcpy(text + strlen(text), "}", 2);
	cr_expect_eq(interpolate(text, &vars, &out, &p), INTERPOLATE_LIMIT);
}

Test(interpolate, keeps_references_and_doubles_every_other_dollar_sign)
{
	static const struct {
		const char *text, *result;
	} cases[] = {
		{ "${services.db.address}", "${services.db.address}" },
		{ "a$$b${SET}", "a$$bvalue" },
		{ "${DOLLAR}", "$$SET $${SET}" },
		{ "${NONE:-${services.db.address}}", "${services.db.address}" },
		{ "${NONE:-$$}", "$$" },
		{ "$${services.db.address}", "$${services.db.address}" },
	};
	const struct interpolate_vars kept = { .lookup = lookup, .keep_references = true };

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autobuf struct sp_buf out = SP_BUF_INIT;
		struct interpolate_problem problem;

		cr_expect_eq(interpolate(cases[i].text, &kept, &out, &problem), INTERPOLATE_OK);
		cr_expect_str_eq(out.data, cases[i].result, "%s: %s", cases[i].text, out.data);
	}
}
