/* Exit codes; see exit.h. */
#include "ctl/exit.h"

#include "base/str.h"

/* A gate that says no while starting is a health failure, whatever it timed out on. */
static bool at_a_gate(int stage)
{
	return stage == SP_STAGE_START || stage == SP_STAGE_PROBE || stage == SP_STAGE_INGRESS ||
	       stage == SP_STAGE_VERIFY;
}

enum ctl_exit ctl_exit_of(const struct sp_err *err)
{
	switch ((enum sp_err_code)err->code) {
	case SP_E_OK:
		return CTL_EXIT_OK;
	case SP_E_INVALID:
	case SP_E_UNSUPPORTED:
	case SP_E_TOO_LARGE:
		return CTL_EXIT_INVALID;
	case SP_E_NOT_FOUND:
	case SP_E_CORRUPT:
		return err->stage == SP_STAGE_CLIENT || err->stage == SP_STAGE_VALIDATE
			       ? CTL_EXIT_INVALID
			       : CTL_EXIT_FAILED;
	case SP_E_CONFLICT: /* a stale plan is bad input */
		return err->stage == SP_STAGE_PLAN ? CTL_EXIT_INVALID : CTL_EXIT_FAILED;
	case SP_E_LOCKED:
		return CTL_EXIT_LOCKED;
	case SP_E_UNHEALTHY:
		return CTL_EXIT_UNHEALTHY;
	case SP_E_TIMEOUT:
		return at_a_gate(err->stage) ? CTL_EXIT_UNHEALTHY : CTL_EXIT_UNREACHABLE;
	case SP_E_UNREACHABLE:
		return CTL_EXIT_UNREACHABLE;
	case SP_E_INTERRUPTED:
		return CTL_EXIT_INTERRUPTED;
	case SP_E_INTERNAL:
	case SP_E_SYSTEM:
	case SP_E_NO_MEMORY:
	case SP_E_EXISTS:
	case SP_E_FENCED:
	case SP_E_DENIED:
	case SP_E_NO_SPACE:
	case SP_E_ESCAPE:
	case SP_E_UNPLACEABLE:
		break;
	}
	return CTL_EXIT_FAILED;
}

enum ctl_exit ctl_exit_of_operation(const char *state, const struct sp_err *err)
{
	if (sp_str_eq(state, "succeeded"))
		return CTL_EXIT_OK;
	if (sp_str_eq(state, "reverted"))
		return CTL_EXIT_UNHEALTHY;
	if (sp_str_eq(state, "revert_failed"))
		return CTL_EXIT_REVERT_FAILED;
	return err->code ? ctl_exit_of(err) : CTL_EXIT_FAILED;
}
