/* Exit codes (STYLE.md): the one place where an outcome becomes a number. */
#pragma once

#include "base/err.h"

enum ctl_exit {
	CTL_EXIT_OK = 0,
	CTL_EXIT_FAILED = 1,
	CTL_EXIT_CHANGES = 2, /* changes or drift present */
	CTL_EXIT_INVALID = 3,
	CTL_EXIT_LOCKED = 4,
	CTL_EXIT_UNHEALTHY = 5, /* health or verify failed; what was deployed is reverted */
	CTL_EXIT_REVERT_FAILED = 6,
	CTL_EXIT_UNREACHABLE = 7, /* or only in part */
	CTL_EXIT_INTERRUPTED = 130,
};

enum ctl_exit ctl_exit_of(const struct sp_err *err);

/* Of an operation that has ended: its state on the wire, and the error it ended with (code 0:
 * none). A state this version does not know is CTL_EXIT_FAILED. */
enum ctl_exit ctl_exit_of_operation(const char *state, const struct sp_err *err);
