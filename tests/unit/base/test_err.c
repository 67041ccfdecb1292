/* Errors: codes, stages, messages that fit a fixed size. */
#include "base/err.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(err, a_failure_returns_the_errno_of_its_code)
{
	struct sp_err err = { 0 };

	cr_expect_eq(sp_fail(&err, SP_E_NOT_FOUND, "image '%s' is not on this node", "x:1"),
		     -ENOENT);
	cr_expect_eq(err.code, SP_E_NOT_FOUND);
	cr_expect_str_eq(err.message, "image 'x:1' is not on this node");
	cr_expect_eq(sp_err_return(&err), -ENOENT);
	cr_expect_eq(sp_fail(NULL, SP_E_FENCED, "unused"), -ESTALE);
}

Test(err, a_system_error_takes_its_code_and_text_from_errno)
{
	static const struct {
		int num, code;
	} rows[] = { { ENOENT, SP_E_NOT_FOUND },
		     { EDQUOT, SP_E_NO_SPACE },
		     { EPERM, SP_E_DENIED },
		     { EXDEV, SP_E_ESCAPE },
		     { E2BIG, SP_E_TOO_LARGE },
		     { ENOTDIR, SP_E_INVALID },
		     { ELOOP, SP_E_INVALID },
		     { ENAMETOOLONG, SP_E_INVALID },
		     { ECONNREFUSED, SP_E_UNREACHABLE },
		     { EIO, SP_E_SYSTEM } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sp_err err = { 0 };

		cr_expect_eq(sp_fail_errno(&err, rows[i].num, "open '%s'", "f"), -rows[i].num);
		cr_expect_eq(err.code, rows[i].code);
		cr_expect(strstr(err.message, strerror(rows[i].num)));
	}
}

Test(err, a_message_that_does_not_fit_says_that_it_was_cut)
{
	char word[2 * SP_ERR_MESSAGE_MAX];
	struct sp_err err = { 0 };

	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	sp_fail(&err, SP_E_INVALID, "%s", word);
	cr_expect_eq(strlen(err.message), SP_ERR_MESSAGE_MAX - 1);
	cr_expect_str_eq(err.message + SP_ERR_MESSAGE_MAX - 4, "...");
	sp_fail_errno(&err, EIO, "%s", word);
	cr_expect_str_eq(err.message + SP_ERR_MESSAGE_MAX - 4, "...");
	sp_err_prefix(&err, "before");
	cr_expect_eq(strncmp(err.message, "before: aaa", 11), 0);
	cr_expect_str_eq(err.message + SP_ERR_MESSAGE_MAX - 4, "...");
}

Test(err, the_deepest_stage_wins)
{
	struct sp_err err = { 0 };

	sp_fail(&err, SP_E_TIMEOUT, "x");
	sp_err_at(&err, SP_STAGE_PROBE);
	sp_err_at(&err, SP_STAGE_START);
	cr_expect_eq(err.stage, SP_STAGE_PROBE);
	cr_expect(sp_err_retryable(&err));
	sp_err_at(NULL, SP_STAGE_START);
}

Test(err, names_go_out_and_come_back)
{
	for (int code = SP_E_OK; code <= SP_E_UNPLACEABLE; code++)
		cr_expect_eq(sp_err_code_parse(sp_err_code_name(code)), code);
	for (int stage = SP_STAGE_NONE; stage <= SP_STAGE_STORE; stage++)
		cr_expect_eq(sp_stage_parse(sp_stage_name(stage)), stage);
	cr_expect_eq(sp_err_code_parse("nonsense"), -1);
	cr_expect_eq(sp_stage_parse("nonsense"), -1);
	cr_expect_str_eq(sp_err_code_name(4711), "unknown");
}
