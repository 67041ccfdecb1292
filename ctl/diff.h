/* Differences of two states of a stack, for people. */
#pragma once

#include <jansson.h>

#include "ctl/args.h"
#include "wire/failure.h"

/* diff: {"stack", "from", "to" or "file", "workloads": [{"id", "sign", "changes"}]}; kind goes
 * before the numbers ("revision "). An exit code: CTL_EXIT_CHANGES when anything differs. */
int ctl_diff_show(const struct ctl_args *args, const json_t *diff, const char *kind,
		  struct wire_failure *fail);
