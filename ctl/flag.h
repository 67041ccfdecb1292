/* The flags of one command, its own and the global ones: look up, suggest, check a value. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "ctl/command.h"

/* command NULL: only the global flags. NULL when there is no such flag. */
const struct ctl_flag *ctl_flag_by_name(const struct ctl_command *command, const char *name,
					size_t len);
const struct ctl_flag *ctl_flag_by_letter(const struct ctl_command *command, char letter);
/* The name nearest to a mistyped "--word", or NULL. */
const char *ctl_flag_nearest(const struct ctl_command *command, const char *word);

/* A value fits the flag's type; SP_E_INVALID at the client stage otherwise. */
int ctl_flag_check(const struct ctl_flag *flag, const char *value, struct sp_err *err);
/* The number of a COUNT or DURATION value that was checked. */
int64_t ctl_flag_number(const struct ctl_flag *flag, const char *value);

/* The i-th flag: the command's own, then the global ones; NULL past the last. */
const struct ctl_flag *ctl_flag_at(const struct ctl_command *command, size_t i);
