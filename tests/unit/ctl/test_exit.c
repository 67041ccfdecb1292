/* Exit codes: every error and every end of an operation has the number STYLE.md gives it. */
#include "ctl/exit.h"

#include <criterion/criterion.h>

#include "base/mem.h"

Test(exit_codes, an_error_becomes_the_number_of_its_kind)
{
	static const struct {
		int code, stage, want;
	} rows[] = {
		{ SP_E_OK, SP_STAGE_NONE, 0 },
		{ SP_E_INVALID, SP_STAGE_VALIDATE, 3 },
		{ SP_E_UNSUPPORTED, SP_STAGE_VALIDATE, 3 },
		{ SP_E_NOT_FOUND, SP_STAGE_CLIENT, 3 },
		{ SP_E_NOT_FOUND, SP_STAGE_PULL, 1 },
		{ SP_E_CORRUPT, SP_STAGE_PULL, 1 },
		{ SP_E_LOCKED, SP_STAGE_LOCK, 4 },
		{ SP_E_UNHEALTHY, SP_STAGE_PROBE, 5 },
		{ SP_E_TIMEOUT, SP_STAGE_START, 5 },
		{ SP_E_TIMEOUT, SP_STAGE_CLIENT, 7 },
		{ SP_E_UNREACHABLE, SP_STAGE_CLIENT, 7 },
		{ SP_E_INTERRUPTED, SP_STAGE_CLIENT, 130 },
		{ SP_E_UNPLACEABLE, SP_STAGE_PLACE, 1 },
		{ SP_E_DENIED, SP_STAGE_NONE, 1 },
		{ SP_E_INTERNAL, SP_STAGE_STORE, 1 },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct sp_err err = { .code = rows[i].code, .stage = rows[i].stage };

		cr_expect_eq(ctl_exit_of(&err), (unsigned)rows[i].want, "%s at %s",
			     sp_err_code_name(rows[i].code), sp_stage_name(rows[i].stage));
	}
}

Test(exit_codes, an_operation_is_judged_by_its_state_and_then_by_its_error)
{
	struct sp_err none = { 0 }, place = { .code = SP_E_UNPLACEABLE, .stage = SP_STAGE_PLACE };
	struct sp_err probe = { .code = SP_E_UNHEALTHY, .stage = SP_STAGE_PROBE };

	cr_expect_eq(ctl_exit_of_operation("succeeded", &none), CTL_EXIT_OK);
	cr_expect_eq(ctl_exit_of_operation("reverted", &place), CTL_EXIT_UNHEALTHY);
	cr_expect_eq(ctl_exit_of_operation("revert_failed", &probe), CTL_EXIT_REVERT_FAILED);
	cr_expect_eq(ctl_exit_of_operation("failed", &probe), CTL_EXIT_UNHEALTHY);
	cr_expect_eq(ctl_exit_of_operation("failed", &place), CTL_EXIT_FAILED);
	cr_expect_eq(ctl_exit_of_operation("failed", &none), CTL_EXIT_FAILED);
	cr_expect_eq(ctl_exit_of_operation("who knows", &none), CTL_EXIT_FAILED);
}
