/* The question before what cannot be taken back. */
#pragma once

#include "ctl/ctl.h"

/*
 * Ask whether it is meant. 0: go on, at once under --yes. What it is about is looked at first (GET
 * of that path; NULL: nothing), so that nobody says yes to what cannot be done. No is
 * CTL_EXIT_FAILED, and said; SP_E_INVALID where stdin or stderr is no terminal.
 */
int ctl_confirm(struct ctl *ctl, const struct ctl_args *args, const char *look,
		struct wire_failure *fail, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
